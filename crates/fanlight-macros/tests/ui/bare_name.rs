use fanlight_macros::trace;

#[trace("look up")]
fn work() {}

fn main() {
    work();
}
