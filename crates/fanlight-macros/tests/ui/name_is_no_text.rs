use fanlight_macros::trace;

#[trace(name = 7)]
fn work() {}

fn main() {
    work();
}
