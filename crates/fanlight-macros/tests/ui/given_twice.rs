use fanlight_macros::trace;

#[trace(name = "a", name = "b")]
fn work() {}

fn main() {
    work();
}
