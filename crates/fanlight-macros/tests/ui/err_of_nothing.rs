use fanlight_macros::trace;

#[trace(err)]
fn work() {}

fn main() {
    work();
}
