//! Habits of this repository that a compiler does not check.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

/// Who may use whom. Arrows point one way; a new one is a decision.
const ARROWS: [(&str, &[&str]); 11] = [
    ("fanlight-model", &[]),
    ("fanlight-ingest", &["model"]),
    ("fanlight-normalize", &["model"]),
    ("fanlight-store", &["model", "normalize"]),
    ("fanlight-catalog", &["model"]),
    (
        "fanlight-query",
        &["model", "normalize", "store", "catalog"],
    ),
    ("fanlight-sql", &["model", "normalize", "store", "query"]),
    ("fanlight-api", &["model", "normalize", "query", "catalog"]),
    ("fanlight-macros", &[]),
    // The SDK is its own program's guest: no server crate comes along.
    ("fanlight", &["model", "macros"]),
    (
        "fanlight-server",
        &[
            "model",
            "ingest",
            "normalize",
            "store",
            "catalog",
            "query",
            "sql",
            "api",
        ],
    ),
];

/// What a crate must never see, whoever brings it.
const NEVER: [(&str, &[&str]); 7] = [
    (
        "fanlight-model",
        &["prost", "arrow-array", "sqlx", "axum", "tokio"],
    ),
    ("fanlight-ingest", &["sqlx", "parquet", "axum", "tokio"]),
    (
        "fanlight-normalize",
        &["sqlx", "parquet", "axum", "tokio", "prost"],
    ),
    ("fanlight-store", &["prost", "sqlx", "axum"]),
    ("fanlight-catalog", &["parquet", "axum", "prost"]),
    ("fanlight-sql", &["prost", "sqlx", "axum"]),
    ("fanlight", &["prost", "tokio"]),
];

/// Licences that may be shipped with an Apache-2.0 program, as they stand in manifests.
const LICENCES: [&str; 13] = [
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "MIT",
    "MIT-0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "0BSD",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unlicense",
    "CC0-1.0",
    // Of data: Mozilla's list of certificate authorities.
    "CDLA-Permissive-2.0",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

fn metadata() -> Json {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn packages(metadata: &Json) -> BTreeMap<String, Json> {
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            (
                package["name"].as_str().unwrap().to_owned(),
                package.clone(),
            )
        })
        .collect()
}

fn normal_dependencies(package: &Json) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array().unwrap();
    let normal = dependencies
        .iter()
        .filter(|dependency| dependency["kind"].is_null());
    normal
        .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The folder of a crate is its name, but for the SDK, which has the project's.
fn folder(name: &str) -> PathBuf {
    let folder = if name == "fanlight" {
        "fanlight-sdk"
    } else {
        name
    };
    root().join("crates").join(folder)
}

#[test]
fn crates_use_each_other_one_way() {
    let metadata = metadata();
    let packages = packages(&metadata);
    for (name, allowed) in ARROWS {
        let used = normal_dependencies(&packages[name]);
        for other in used
            .iter()
            .filter_map(|other| other.strip_prefix("fanlight-"))
        {
            assert!(
                allowed.contains(&other),
                "{name} uses fanlight-{other}, which is no arrow of the design"
            );
        }
    }
    for (name, never) in NEVER {
        let used = normal_dependencies(&packages[name]);
        for other in never {
            assert!(!used.contains(*other), "{name} must not know {other}");
        }
    }
}

#[test]
fn every_dependency_has_a_licence_that_may_be_shipped() {
    for (name, package) in packages(&metadata()) {
        if name.starts_with("fanlight") {
            continue;
        }
        let licence = package["license"].as_str().unwrap_or_default();
        // `A OR B` and the older `A/B` leave the choice; `A AND B` asks for both.
        let choices = licence.split(" OR ").flat_map(|choice| choice.split('/'));
        let acceptable = choices.into_iter().any(|choice| {
            let parts = choice.trim_matches(['(', ')', ' ']).split(" AND ");
            parts
                .into_iter()
                .all(|part| LICENCES.contains(&part.trim_matches(['(', ')', ' '])))
        });
        assert!(acceptable, "{name} has the licence `{licence}`");
    }
}

#[test]
fn every_crate_says_what_it_owns() {
    for (name, _) in ARROWS {
        let path = folder(name).join("src/lib.rs");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("//! "),
            "{name}/src/lib.rs does not open with a paragraph"
        );
    }
}

#[test]
fn sql_lives_in_the_catalog() {
    for (name, _) in ARROWS
        .iter()
        .filter(|(name, _)| *name != "fanlight-catalog")
    {
        let mut folders = vec![folder(name).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                for sign in ["INSERT INTO ", "DELETE FROM ", "sqlx::"] {
                    assert!(!text.contains(sign), "{} contains `{sign}`", path.display());
                }
            }
        }
    }
}
