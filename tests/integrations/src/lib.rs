//! Only tests: `cargo test` in this folder.
