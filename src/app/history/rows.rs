//! CSV: time, tag, value, quality; one line for a sample.

use std::io::{BufWriter, Write};

use crate::app::Failure;
use crate::app::history::export::Table;
use crate::app::history::text;
use crate::history::Batch;

/// A CSV file in the making.
pub(super) struct Rows<W: Write> {
    out: csv::Writer<BufWriter<W>>,
}

impl<W: Write> Rows<W> {
    /// Begins with the line of names.
    pub(super) fn new(out: W) -> Result<Self, Failure> {
        let mut out = csv::Writer::from_writer(BufWriter::new(out));
        out.write_record(["time", "tag", "value", "quality"])?;
        Ok(Self { out })
    }
}

impl<W: Write> Table for Rows<W> {
    fn add(&mut self, tag: &str, batch: &Batch) -> Result<(), Failure> {
        for sample in batch.iter() {
            let (time, value) = (text::time(sample.time), text::value(&sample.value));
            let written =
                self.out.write_record([&*time, tag, &*value, &*text::quality(sample.quality)]);
            written.map_err(cause)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }
}

/// What the operating system says, if it is that: it says whether a pipe is read no more.
fn cause(error: csv::Error) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => format!("{other:?}").into(),
    }
}
