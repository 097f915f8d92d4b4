use fanlight_macros::trace;

#[trace(err, stream)]
fn work() -> u8 {
    7
}

fn main() {
    work();
}
