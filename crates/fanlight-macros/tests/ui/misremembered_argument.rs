use fanlight_macros::trace;

#[trace(kind = "TOOL")]
fn work() {}

fn main() {
    work();
}
