use fanlight_macros::trace;

#[trace]
const fn work() -> u8 {
    7
}

fn main() {
    work();
}
