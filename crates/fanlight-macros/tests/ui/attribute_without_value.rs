use fanlight_macros::trace;

#[trace(attributes(model))]
fn work() {}

fn main() {
    work();
}
