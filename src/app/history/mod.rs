//! `cellhouse history`: what the historian holds, for people and other programs. The server may be running.

mod columns;
mod export;
mod file;
mod moment;
mod rows;
mod tags;
mod text;

use std::path::{Path, PathBuf};

use crate::app::{Failure, cert};
use crate::cli::{DataArgs, HistoryCommand};
use crate::history::{History, Statistics};

/// Does one of the commands.
pub(super) fn history(command: HistoryCommand) -> Result<(), Failure> {
    match command {
        HistoryCommand::Export(args) => export::export(&args),
        HistoryCommand::Info(args) => info(&args),
    }
}

/// Where the history is: below the data folder.
fn folder(args: &DataArgs) -> Result<PathBuf, Failure> {
    Ok(cert::server_of(args)?.data.join("history"))
}

/// Says how much there is, from when to when, and what is lost.
fn info(args: &DataArgs) -> Result<(), Failure> {
    let folder = folder(args)?;
    let (reader, found) = History::read_only(&folder)?;
    let statistics = reader.statistics();
    println!("{}", folder.display());
    show(&statistics);
    let mut damage: Vec<String> = found.set_aside.iter().map(|it| lost(it)).collect();
    damage.extend(set_aside(&folder)?.iter().map(|it| lost(it)));
    if found.unknown > 0 {
        damage.push(format!("{} samples of tags whose paths are lost", found.unknown));
    }
    if found.edits_damaged > 0 {
        damage.push(format!("{} lost changes by clients", found.edits_damaged));
    }
    if damage.is_empty() {
        println!("damage    none that opening shows");
    }
    for line in damage {
        println!("damage    {line}");
    }
    Ok(())
}

fn show(statistics: &Statistics) {
    let samples = statistics.segment_samples + statistics.head_samples as u64;
    let bytes = statistics.segment_bytes + statistics.log_bytes;
    println!("tags      {}", statistics.series);
    println!("samples   {samples}, {} of them in the log only", statistics.head_samples);
    println!("bytes     {bytes} in {} segments and the log", statistics.segments);
    if statistics.segment_samples > 0 {
        let each = statistics.segment_bytes as f64 / statistics.segment_samples as f64;
        println!("          {each:.2} for a sample in a segment");
    }
    println!("changes   {} by clients", statistics.edits);
    if let (Some(oldest), Some(newest)) = (statistics.oldest, statistics.newest) {
        println!("oldest    {}", text::time(oldest));
        println!("newest    {}", text::time(newest));
    }
}

fn lost(path: &Path) -> String {
    format!("{} is no whole file of the history", path.display())
}

/// Files that a server has set aside because they were not whole.
fn set_aside(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in folder.read_dir()? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "bad") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
