//! Only benchmarks: `cargo bench` in this folder.
