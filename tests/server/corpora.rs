//! Every input that is kept of the fuzzers, once more: `fuzz/corpus/`, one folder for each target.

use std::fs;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once};

#[expect(unreachable_pub, reason = "the same files are a library of their own for the fuzzers")]
#[path = "../../fuzz/src/lib.rs"]
mod fuzz;

/// Panics of any thread: those of the server's own threads count too.
static PANICS: AtomicUsize = AtomicUsize::new(0);
static COUNTING: Once = Once::new();

/// Runs a target on what is kept for it, in the order of the files' names.
fn replay(name: &str) {
    COUNTING.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |it| {
            PANICS.fetch_add(1, Ordering::SeqCst);
            usual(it);
        }));
    });
    let target = fuzz::TARGETS.iter().find(|it| it.0 == name).expect("a target").1;
    let all: Arc<[PathBuf]> = inputs(&Path::new("fuzz/corpus").join(name)).into();
    assert!(!all.is_empty(), "there is no input for {name}");
    let mut wrong = Vec::new();
    let done = Arc::new(AtomicUsize::new(0));
    while done.load(Ordering::SeqCst) < all.len() {
        let (before, inputs, so_far) =
            (PANICS.load(Ordering::SeqCst), Arc::clone(&all), Arc::clone(&done));
        // What is behind a panic begins with a server of its own.
        let run = std::thread::spawn(move || {
            while let Some(path) = inputs.get(so_far.load(Ordering::SeqCst)) {
                target(&fs::read(path).unwrap());
                if PANICS.load(Ordering::SeqCst) > before {
                    return;
                }
                so_far.fetch_add(1, Ordering::SeqCst);
            }
        });
        if run.join().is_err() || PANICS.load(Ordering::SeqCst) > before {
            wrong.extend(all.get(done.fetch_add(1, Ordering::SeqCst)));
        }
    }
    assert!(wrong.is_empty(), "{name} panics at {wrong:?}");
}

fn inputs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|it| it.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn fuzz_frame_every_input_kept_is_survived() {
    replay("frame");
}

#[test]
fn fuzz_request_every_input_kept_is_survived() {
    replay("request");
}

#[test]
fn fuzz_certificate_every_input_kept_is_survived() {
    replay("certificate");
}

#[test]
fn fuzz_nodeset_every_input_kept_is_survived() {
    replay("nodeset");
}

#[test]
fn fuzz_toml_every_input_kept_is_survived() {
    replay("toml");
}

#[test]
fn fuzz_jwt_every_input_kept_is_survived() {
    replay("jwt");
}

#[test]
fn fuzz_every_target_has_a_binary_and_a_corpus() {
    let manifest = fs::read_to_string("fuzz/Cargo.toml").unwrap();
    let corpora = inputs(Path::new("fuzz/corpus"));
    assert_eq!(corpora.len(), fuzz::TARGETS.len(), "{corpora:?}");
    for (name, _) in fuzz::TARGETS {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
        assert!(corpora.iter().any(|it| it.ends_with(name)), "{name}");
    }
}
