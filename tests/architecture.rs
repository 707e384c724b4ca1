//! Keeps the layers honest: each module names the modules that it may use.

use std::fs;
use std::path::{Path, PathBuf};

/// Top-level module, and what it may import from this crate. ARCHITECTURE.md draws the same table.
const MAY_USE: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("time", &[]),
    ("rng", &[]),
    ("access", &[]),
    ("store", &[]),
    ("chronicle", &["store", "time"]),
    ("config", &["access", "time", "units"]),
    ("field", &["time"]),
    ("plant", &["config", "field", "rng", "time", "units"]),
    ("control", &["access", "config", "field", "time", "units"]),
    ("production", &["config", "control", "field", "time", "units"]),
    ("tag", &["access", "config", "control", "field", "production", "time", "units"]),
    ("alarm", &["access", "config", "control", "field", "production", "tag", "time", "units"]),
    ("history", &["field", "tag", "time"]),
    ("kpi", &["config", "field", "history", "tag", "time", "units"]),
    (
        "engine",
        &[
            "access",
            "alarm",
            "config",
            "control",
            "field",
            "plant",
            "production",
            "rng",
            "store",
            "tag",
            "time",
            "units",
        ],
    ),
    ("forward", &["config", "field", "history", "tag", "time"]),
    ("historian", &["config", "engine", "field", "history", "tag", "time"]),
    (
        "ua",
        &[
            "access",
            "alarm",
            "chronicle",
            "config",
            "control",
            "engine",
            "field",
            "historian",
            "history",
            "kpi",
            "tag",
            "time",
        ],
    ),
    ("conformance", &["config", "time", "ua"]),
];

/// Outside crates, and the only modules that may name them.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("opcua_types", &["conformance", "ua"]),
    ("opcua_nodes", &["ua"]),
    ("opcua_xml", &["ua"]),
    ("opcua_core_namespace", &["ua"]),
    ("aws_lc_rs", &["ua"]),
    ("mdns_sd", &["ua"]),
    ("jsonwebtoken", &["ua"]),
    ("argon2", &["config"]),
    ("redb", &["chronicle", "store"]),
    ("pco", &["history"]),
    ("crc32fast", &["history"]),
    ("wildmatch", &["historian"]),
    ("csv", &["app"]),
    ("parquet", &["app"]),
    ("tokio", &["app", "engine", "forward", "ua"]),
    ("tokio_postgres", &["forward"]),
    ("tokio_postgres_rustls", &["forward"]),
    ("rustls", &["forward"]),
    ("toml", &["config", "engine"]),
    ("clap", &["cli"]),
];

#[test]
fn modules_use_only_their_lower_layers() {
    for (module, path, source) in sources() {
        let allowed = MAY_USE
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("{module} has no row in MAY_USE"))
            .1;
        for used in source.split("crate::").skip(1).map(first_word) {
            assert!(
                used == module || allowed.contains(&used),
                "{}: {module} may not use crate::{used}",
                path.display()
            );
        }
    }
}

#[test]
fn modules_are_imported_by_their_full_path() {
    for (_, path, source) in sources() {
        assert!(!source.contains("use crate::{"), "{}", path.display());
        assert!(!source.contains("super::super"), "{}", path.display());
    }
}

#[test]
fn outside_crates_stay_at_their_edge() {
    for (module, path, source) in sources() {
        for (name, modules) in ONLY_IN {
            let named =
                source.contains(&format!(" {name}::")) || source.contains(&format!("({name}::"));
            assert!(
                !named || modules.contains(&module.as_str()),
                "{}: {module} may not name {name}",
                path.display()
            );
        }
    }
}

#[test]
fn no_file_outgrows_its_reader() {
    for folder in ["src", "tests", "fuzz/src"] {
        for path in rust_files(Path::new(folder)) {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= 500, "{} has {lines} lines; split it", path.display());
        }
    }
}

fn sources() -> impl Iterator<Item = (String, PathBuf, String)> {
    rust_files(Path::new("src")).into_iter().filter_map(|path| {
        let below = path.strip_prefix("src").unwrap();
        let first = below.components().next().unwrap();
        let module = first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let source = fs::read_to_string(&path).unwrap();
        let is_shell = ["lib", "main", "app", "cli"].contains(&module.as_str());
        (!is_shell).then_some((module, path, source))
    })
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
    files
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}
