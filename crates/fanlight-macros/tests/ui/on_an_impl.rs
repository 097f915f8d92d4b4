use fanlight_macros::trace;

struct Work;

#[trace]
impl Work {
    fn run(&self) {}
}

fn main() {
    Work.run();
}
