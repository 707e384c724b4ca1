//! Parquet: tag, time (ns, UTC), value (numbers, also of states and switches), text (everything else), quality.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, Encoding};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use crate::app::Failure;
use crate::app::history::export::Table;
use crate::app::history::text;
use crate::field::Quality;
use crate::history::{Batch, Sample};
use crate::tag::Value;
use crate::time::Timestamp;

/// Samples of a row group: about 40 MB of memory.
const GROUP_SAMPLES: usize = 1 << 18;

const SCHEMA: &str = "
message history {
  required binary tag (STRING);
  required int64 time (TIMESTAMP(NANOS,true));
  optional double value;
  optional binary text (STRING);
  required binary quality (STRING);
}";

/// A Parquet file in the making.
pub(super) struct Columns<W: Write + Send> {
    out: SerializedFileWriter<W>,
    group: Group,
    /// The name of the tag that comes, once for all its samples.
    tag: (String, ByteArray),
    qualities: BTreeMap<u8, ByteArray>,
}

/// Columns of a row group.
#[derive(Default)]
struct Group {
    tags: Vec<ByteArray>,
    times: Vec<i64>,
    values: Vec<f64>,
    /// 1 where there is a value.
    has_value: Vec<i16>,
    texts: Vec<ByteArray>,
    has_text: Vec<i16>,
    qualities: Vec<ByteArray>,
}

impl<W: Write + Send> Columns<W> {
    /// Begins a file.
    pub(super) fn new(out: W) -> Result<Self, Failure> {
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        let column = |name: &str| ColumnPath::from(vec![name.to_owned()]);
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("cellhouse ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_column_dictionary_enabled(column("time"), false)
            .set_column_encoding(column("time"), Encoding::DELTA_BINARY_PACKED)
            .build();
        let out = SerializedFileWriter::new(out, schema, Arc::new(properties))?;
        let tag = (String::new(), ByteArray::from(""));
        Ok(Self { out, group: Group::default(), tag, qualities: BTreeMap::new() })
    }

    fn push(&mut self, tag: &str, sample: &Sample) -> Result<(), Failure> {
        if self.tag.0 != tag {
            self.tag = (tag.to_owned(), ByteArray::from(tag));
        }
        self.group.tags.push(self.tag.1.clone());
        self.group.times.push(nanoseconds(tag, sample.time)?);
        let number = number(&sample.value);
        self.group.has_value.push(i16::from(number.is_some()));
        self.group.values.extend(number);
        let is_text = number.is_none() && sample.value != Value::Null;
        self.group.has_text.push(i16::from(is_text));
        if is_text {
            self.group.texts.push(ByteArray::from(text::value(&sample.value).into_bytes()));
        }
        let quality = self.quality(sample.quality);
        self.group.qualities.push(quality);
        if self.group.times.len() == GROUP_SAMPLES { self.end_group() } else { Ok(()) }
    }

    fn quality(&mut self, quality: Quality) -> ByteArray {
        let name = || ByteArray::from(text::quality(quality).into_bytes());
        self.qualities.entry(quality as u8).or_insert_with(name).clone()
    }

    fn end_group(&mut self) -> Result<(), Failure> {
        let group = std::mem::take(&mut self.group);
        if group.times.is_empty() {
            return Ok(());
        }
        let mut out = self.out.next_row_group()?;
        let mut number = 0;
        while let Some(mut column) = out.next_column()? {
            match number {
                0 => column.typed::<ByteArrayType>().write_batch(&group.tags, None, None)?,
                1 => column.typed::<Int64Type>().write_batch(&group.times, None, None)?,
                2 => column.typed::<DoubleType>().write_batch(
                    &group.values,
                    Some(&group.has_value),
                    None,
                )?,
                3 => column.typed::<ByteArrayType>().write_batch(
                    &group.texts,
                    Some(&group.has_text),
                    None,
                )?,
                _ => column.typed::<ByteArrayType>().write_batch(&group.qualities, None, None)?,
            };
            column.close()?;
            number += 1;
        }
        out.close()?;
        Ok(())
    }
}

impl<W: Write + Send> Table for Columns<W> {
    fn add(&mut self, tag: &str, batch: &Batch) -> Result<(), Failure> {
        batch.iter().try_for_each(|it| self.push(tag, &it))
    }

    fn finish(mut self) -> Result<(), Failure> {
        self.end_group()?;
        self.out.close()?;
        Ok(())
    }
}

/// A value as a number, if it is one.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(it) => Some(f64::from(u8::from(*it))),
        Value::U16(it) => Some(f64::from(*it)),
        Value::U32(it) => Some(f64::from(*it)),
        Value::F64(it) => Some(*it),
        Value::Null | Value::Time(_) | Value::Text(_) | Value::Bools(_) | Value::Numbers(_) => None,
    }
}

/// Since 1970. The type ends in 1677 and 2262; what lies outside is not made something else.
fn nanoseconds(tag: &str, time: Timestamp) -> Result<i64, Failure> {
    let ticks = time.ticks().checked_sub(Timestamp::from_unix_us(0).ticks());
    ticks.and_then(|it| it.checked_mul(100)).ok_or_else(|| {
        let time = text::time(time);
        format!("{tag} has a sample of {time}, which Parquet cannot tell; leave it out by --from and --to, or write CSV")
            .into()
    })
}
