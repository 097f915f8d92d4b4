//! Puts the web UI, as far as it is built, into the program.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// What `npm run build` fills. It has a file of its own, so it is always there.
const DIST: &str = "../../ui/dist";

fn main() {
    println!("cargo::rerun-if-changed={DIST}");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join(DIST);
    let mut names = Vec::new();
    // Without its first page there is no UI, whatever else may lie there.
    if root.join("index.html").is_file() {
        collect(&root, &root, &mut names);
    }
    names.sort();
    let mut code = String::from("pub(super) const FILES: &[File] = &[\n");
    for name in &names {
        let encoded = |ending| {
            let twin = format!("{name}{ending}");
            if root.join(&twin).is_file() {
                format!("Some({})", content(&twin))
            } else {
                "None".to_owned()
            }
        };
        writeln!(
            code,
            "    File {{ name: {name:?}, plain: {}, brotli: {}, gzip: {} }},",
            content(name),
            encoded(".br"),
            encoded(".gz"),
        )
        .expect("a string takes everything");
    }
    code.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("ui_files.rs"), code).expect("OUT_DIR can be written");
}

/// The bytes of a file, as code. Builds may share their output between clones: each takes in its own files.
fn content(name: &str) -> String {
    let below = format!("/{DIST}/{name}");
    format!("include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {below:?}))")
}

/// Everything but compressed twins and the note about this folder.
fn collect(root: &Path, folder: &Path, names: &mut Vec<String>) {
    let entries = fs::read_dir(folder).expect("the UI's folder can be read");
    for entry in entries {
        let path = entry.expect("the UI's folder can be read").path();
        if path.is_dir() {
            collect(root, &path, names);
            continue;
        }
        let ending = path.extension().and_then(|ending| ending.to_str());
        if !matches!(ending, Some("br" | "gz" | "md" | "map")) {
            let name = path.strip_prefix(root).expect("it lies below");
            names.push(name.to_string_lossy().replace('\\', "/"));
        }
    }
}
