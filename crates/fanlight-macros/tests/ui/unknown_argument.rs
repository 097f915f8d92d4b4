use fanlight_macros::trace;

#[trace(colour = "red")]
fn work() {}

fn main() {
    work();
}
