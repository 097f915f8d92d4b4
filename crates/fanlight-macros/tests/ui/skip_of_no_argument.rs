use fanlight_macros::trace;

#[trace(skip(password))]
fn work(user: &str, pass_word: &str) -> usize {
    user.len() + pass_word.len()
}

fn main() {
    work("a", "b");
}
