use fanlight_macros::trace;

trait Work {
    #[trace]
    fn run(&self);
}

fn main() {}
