//! `cellhouse history export` and `info`: what is written is what was recorded and edited.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use cellhouse::field::Quality;
use cellhouse::history::{By, Edit, Sample};
use cellhouse::tag::Value;
use cellhouse::time::Timestamp;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, RowAccessor};

use crate::support::{number, open};

const SECOND: i64 = 10_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::parse_rfc3339("2026-01-01T00:00:00Z").unwrap().plus_ticks(second * SECOND)
}

/// A data folder with a history of two numbers, a text and a switch.
fn data() -> tempfile::TempDir {
    let data = tempfile::tempdir().unwrap();
    let mut history = open(&data.path().join("history"), 100);
    let series =
        ["L.EL2.Voltage", "L.EL1.Voltage", "L.EL1.Note", "L.EL1.On"].map(|it| history.series(it));
    for second in 0..300 {
        history.append(series[0], number(at(second).ticks(), second as f64)).unwrap();
        history.append(series[1], number(at(second).ticks() + 1, second as f64 / 4.0)).unwrap();
        if second % 50 == 49 {
            history.commit().unwrap();
            history.tend(at(second)).unwrap();
        }
    }
    let mut add = |series, value, quality| {
        history.append(series, Sample { time: at(7), value, quality }).unwrap();
    };
    add(series[2], Value::Text(Arc::new("Krust, \"hart\"".into())), Quality::Good);
    add(series[2], Value::Null, Quality::SensorFailure);
    add(series[3], Value::Bool(true), Quality::Good);
    history.commit().unwrap();
    let by = By { user: "olga".into(), time: at(400) };
    history.edit(series[0], &Edit::DeleteRaw { from: at(10), to: at(300) }, &by).unwrap();
    data
}

fn run(data: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cellhouse"));
    command.arg("history").args(args).arg("--data").arg(data).output().unwrap()
}

fn export(data: &Path, args: &[&str]) -> String {
    let done = run(data, &[&["export", "--format", "csv"], args].concat());
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn csv_has_every_sample_as_edited_in_order_of_tag_and_time() {
    let data = data();
    let text = export(data.path(), &["--tags", "*"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "time,tag,value,quality");
    assert_eq!(lines[1], "2026-01-01T00:00:07Z,L.EL1.Note,\"Krust, \"\"hart\"\"\",Good");
    assert_eq!(lines[2], "2026-01-01T00:00:07Z,L.EL1.Note,,SensorFailure");
    assert_eq!(lines[3], "2026-01-01T00:00:07Z,L.EL1.On,true,Good");
    assert_eq!(lines[5], "2026-01-01T00:00:01.0000001Z,L.EL1.Voltage,0.25,Good");
    assert_eq!(lines.len(), 1 + 3 + 300 + 10);
    assert_eq!(lines[313], "2026-01-01T00:00:09Z,L.EL2.Voltage,9,Good");
}

#[test]
fn a_span_and_several_patterns_choose_samples() {
    let data = data();
    let span = ["--from", "2026-01-01T00:00:05Z", "--to", "2026-01-01T01:00:08+01:00"];
    let text = export(data.path(), &[&["--tags", "*.EL2.*,L.EL1.Note"], &span[..]].concat());
    assert_eq!(text.lines().count(), 1 + 2 + 4);
    assert_eq!(export(data.path(), &["--tags", "*", "--from", "-1s"]).lines().count(), 1);
}

#[test]
fn a_pattern_that_matches_nothing_names_near_tags_and_writes_nothing() {
    let data = data();
    let out = data.path().join("out.csv");
    let args = ["export", "--format", "csv", "--tags", "L.EL2.Votage", "--out"];
    let done = run(data.path(), &[&args[..], &[out.to_str().unwrap()]].concat());
    assert!(!done.status.success());
    let error = String::from_utf8(done.stderr).unwrap();
    assert!(error.contains("no tag in the history matches") && error.contains("L.EL2.Voltage"));
    assert!(!out.exists());
}

#[test]
fn parquet_reads_back() {
    let data = data();
    let out = data.path().join("out.parquet");
    let args = ["export", "--format", "parquet", "--tags", "*", "--out", out.to_str().unwrap()];
    let done = run(data.path(), &args);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let reader = SerializedFileReader::new(File::open(&out).unwrap()).unwrap();
    let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 313);
    assert_eq!(rows[0].get_string(3).unwrap(), "Krust, \"hart\"");
    let null = rows[1].get_column_iter().filter(|it| matches!(it.1, Field::Null)).count();
    assert_eq!(null, 2);
    assert_eq!(rows[2].get_string(0).unwrap(), "L.EL1.On");
    assert_eq!(rows[2].get_double(2).unwrap().to_bits(), 1.0_f64.to_bits());
    let nanoseconds = (at(1).unix_us() * 1000) + 100;
    assert_eq!(rows[4].get_long(1).unwrap(), nanoseconds);
    assert_eq!(rows[4].get_double(2).unwrap().to_bits(), 0.25_f64.to_bits());
    assert_eq!(rows[4].get_string(4).unwrap(), "Good");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let data = data();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cellhouse"));
    let args = ["history", "export", "--format", "csv", "--tags", "*", "--data"];
    command.args(args).arg(data.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// An export that ends early leaves no file that looks whole.
#[test]
fn a_damaged_block_ends_the_export_without_a_file() {
    let data = data();
    let folder = data.path().join("history");
    let files = fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path());
    for path in files.filter(|it| it.extension().is_some_and(|it| it == "segment")) {
        let mut bytes = fs::read(&path).unwrap();
        bytes[1] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
    let out = data.path().join("out.csv");
    let args = ["export", "--format", "csv", "--tags", "*", "--out", out.to_str().unwrap()];
    let done = run(data.path(), &args);
    assert!(!done.status.success());
    assert!(String::from_utf8_lossy(&done.stderr).contains("is damaged at byte"));
    let left: Vec<_> =
        fs::read_dir(data.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(left, ["history"]);
}

#[test]
fn info_tells_what_there_is() {
    let data = data();
    let done = run(data.path(), &["info"]);
    let text = String::from_utf8(done.stdout).unwrap();
    for part in ["tags      4", "samples   603", "changes   1", "damage    none"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains("oldest    2026-01-01T00:00:00Z"), "{text}");
}
