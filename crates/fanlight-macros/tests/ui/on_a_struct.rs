use fanlight_macros::trace;

#[trace]
struct Work;

fn main() {
    let _ = Work;
}
