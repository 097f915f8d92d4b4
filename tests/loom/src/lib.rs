//! Only tests: `cargo test --release` in this folder.
