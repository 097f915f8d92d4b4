use fanlight_macros::trace;

#[trace(skip = "user")]
fn work(user: &str) -> usize {
    user.len()
}

fn main() {
    work("a");
}
