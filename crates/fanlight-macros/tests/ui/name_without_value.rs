use fanlight_macros::trace;

#[trace(name)]
fn work() {}

fn main() {
    work();
}
