//! `cellhouse history export`: samples as a file for other programs, tag by tag and in order of time. One block of
//! samples is in memory at a time, or one row group.

use std::io::{self, IsTerminal, Write};
use std::time::Instant;

use crate::app::Failure;
use crate::app::history::columns::Columns;
use crate::app::history::file::Target;
use crate::app::history::rows::Rows;
use crate::app::history::{folder, moment, tags};
use crate::cli::{HistoryExportArgs, HistoryFormat};
use crate::history::{Batch, Direction, History, Reader, Span};
use crate::time;

/// An export that is over sooner shows no progress, and the next line comes after as long, s.
const QUIET_S: f64 = 2.0;

/// A file in the making.
pub(super) trait Table {
    /// Adds samples of a tag; those of one tag come one after the other.
    fn add(&mut self, tag: &str, batch: &Batch) -> Result<(), Failure>;
    /// Writes what is left.
    fn finish(self) -> Result<(), Failure>;
}

/// Writes the samples that were asked for.
pub(super) fn export(args: &HistoryExportArgs) -> Result<(), Failure> {
    let now = time::now();
    let from = args.from.as_deref().map(|it| moment::parse(it, now)).transpose()?;
    let to = args.to.as_deref().map(|it| moment::parse(it, now)).transpose()?;
    let span = Span { from: from.unwrap_or(Span::ALL.from), to: to.unwrap_or(Span::ALL.to) };
    if span.from > span.to {
        return Err("--from is later than --to".into());
    }
    let (reader, _) = History::read_only(&folder(&args.data)?)?;
    let chosen = tags::choose(reader.paths(), &args.tags)?;
    let source = Source { reader, chosen, span };
    let Some(out) = &args.out else {
        let stdout = io::stdout();
        if args.format == HistoryFormat::Parquet && stdout.is_terminal() {
            return Err("Parquet is no text for a terminal; name a file with --out".into());
        }
        return match source.write(args.format, stdout) {
            // The reader, such as `head`, has seen enough.
            Err(failure) if is_broken_pipe(&*failure) => Ok(()),
            done => done.map(|_| ()),
        };
    };
    let target = Target::new(out)?;
    let samples = source.write(args.format, target.file()?)?;
    target.keep()?;
    let tags = source.chosen.len();
    println!("{samples} samples of {tags} tags are in {}", out.display());
    Ok(())
}

/// What is exported.
struct Source {
    reader: Reader,
    chosen: Vec<String>,
    span: Span,
}

impl Source {
    fn write(&self, format: HistoryFormat, out: impl Write + Send) -> Result<u64, Failure> {
        match format {
            HistoryFormat::Csv => self.fill(Rows::new(out)?),
            HistoryFormat::Parquet => self.fill(Columns::new(out)?),
        }
    }

    fn fill(&self, mut table: impl Table) -> Result<u64, Failure> {
        let mut progress = Progress::new(self.chosen.len());
        for tag in &self.chosen {
            let Some(series) = self.reader.series(tag) else { continue };
            for batch in self.reader.scan(series, self.span, Direction::Forward) {
                let batch = batch?;
                table.add(tag, &batch)?;
                progress.samples += batch.len() as u64;
                progress.show();
            }
            progress.tags += 1;
        }
        table.finish()?;
        progress.end();
        Ok(progress.samples)
    }
}

/// How far an export is, for the person who waits.
struct Progress {
    begun: Instant,
    shown_s: f64,
    samples: u64,
    tags: usize,
    all: usize,
}

impl Progress {
    fn new(all: usize) -> Self {
        Self { begun: time::monotonic(), shown_s: 0.0, samples: 0, tags: 0, all }
    }

    fn show(&mut self) {
        let passed_s = self.begun.elapsed().as_secs_f64();
        if passed_s - self.shown_s < QUIET_S {
            return;
        }
        self.shown_s = passed_s;
        let line = format!("{} of {} tags, {} samples", self.tags, self.all, self.samples);
        if io::stderr().is_terminal() {
            eprint!("\r{line}   ");
            // A terminal that cannot be flushed shows it later.
            let _ = io::stderr().flush();
        } else {
            eprintln!("{line}");
        }
    }

    fn end(&self) {
        if self.shown_s > 0.0 && io::stderr().is_terminal() {
            eprintln!();
        }
    }
}

/// Whether somewhere among the causes is a pipe that nobody reads.
fn is_broken_pipe(failure: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(failure);
    while let Some(error) = next {
        if error
            .downcast_ref::<io::Error>()
            .is_some_and(|it| it.kind() == io::ErrorKind::BrokenPipe)
        {
            return true;
        }
        next = error.source();
    }
    false
}
