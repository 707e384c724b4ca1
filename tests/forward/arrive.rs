//! What arrives, and in what tables.

use std::sync::Arc;

use cellhouse::field::Quality;
use cellhouse::forward::{self, Note, Notes};
use cellhouse::history::Sample;
use cellhouse::tag::Value;
use cellhouse::time::Timestamp;

use crate::postgres::Postgres;
use crate::support::{Recorder, assert_whole, forward, until_all_forwarded};

#[test]
fn samples_arrive_as_the_history_has_them() {
    let postgres = Postgres::start();
    let mut recorder = Recorder::new();
    recorder.record(30);
    let _handle = forward(&postgres.config(), recorder.outbox());
    recorder.record(200);
    until_all_forwarded(&postgres, &recorder.outbox());
    assert_whole(&postgres, &recorder);
    let sum: i64 = postgres.one("SELECT sum(value)::bigint FROM cellhouse.sample");
    assert_eq!(sum, (0..recorder.next as i64).sum::<i64>());
}

#[test]
fn samples_lie_in_one_table_for_each_month() {
    let postgres = Postgres::start();
    let mut recorder = Recorder::new();
    recorder.record(40);
    let _handle = forward(&postgres.config(), recorder.outbox());
    until_all_forwarded(&postgres, &recorder.outbox());
    let january: i64 = postgres.one("SELECT count(*) FROM cellhouse.sample_2026_01");
    let february: i64 = postgres.one("SELECT count(*) FROM cellhouse.sample_2026_02");
    assert_eq!((january, february), (1000, 1000));
}

#[test]
fn every_kind_of_value_and_quality_arrives() {
    let postgres = Postgres::start();
    let mut recorder = Recorder::new();
    let time = Timestamp::parse_rfc3339("2026-03-01T12:00:00.123456Z").unwrap();
    let values = [
        (Value::Null, " : : Good"),
        (Value::Bool(true), "1 : : Good"),
        (Value::U16(65_535), "65535 : : Good"),
        (Value::U32(7), "7 : : Good"),
        (Value::F64(f64::NAN), "NaN : : Good"),
        (Value::Time(time), "1772366400.123456 : 2026-03-01T12:00:00.123Z : Good"),
        (Value::Text(Arc::new("tap\0 no. 3".to_owned())), " : tap\u{fffd} no. 3 : Good"),
        (Value::Bools(Arc::new(vec![true, false])), " : {t,f} : Good"),
        (Value::Numbers(Arc::new(vec![1.5, -2.0])), " : {1.5,-2} : Good"),
    ];
    let series = recorder.history.series("Line1.Any");
    for (index, (value, _)) in values.iter().enumerate() {
        let time = time.plus_ticks(index as i64 * 10);
        let sample = Sample { time, value: value.clone(), quality: Quality::Good };
        recorder.history.append(series, sample).unwrap();
    }
    let time = time.plus_s(1.0);
    let bad = Sample { time, value: Value::F64(0.5), quality: Quality::SensorFailure };
    recorder.history.append(series, bad).unwrap();
    recorder.history.commit().unwrap();
    let _handle = forward(&postgres.config(), recorder.outbox());
    until_all_forwarded(&postgres, &recorder.outbox());
    let query = "SELECT concat(value, ' : ', nullif(text, ''), CASE WHEN text IS NULL THEN ': '
                 ELSE ' : ' END, quality) FROM cellhouse.reading ORDER BY time";
    let mut expected: Vec<&str> = values.iter().map(|it| it.1).collect();
    expected.push("0.5 : : SensorFailure");
    assert_eq!(postgres.column::<String>(query, &[]), expected);
}

#[test]
fn a_time_is_cut_to_microseconds() {
    let postgres = Postgres::start();
    let mut recorder = Recorder::new();
    let time = Timestamp::parse_rfc3339("2026-03-01T12:00:00.123456Z").unwrap().plus_ticks(9);
    let series = recorder.history.series("Line1.Any");
    let sample = Sample { time, value: Value::F64(1.0), quality: Quality::Good };
    recorder.history.append(series, sample).unwrap();
    recorder.history.commit().unwrap();
    let _handle = forward(&postgres.config(), recorder.outbox());
    until_all_forwarded(&postgres, &recorder.outbox());
    let there: String =
        postgres.one("SELECT (time AT TIME ZONE 'UTC')::text FROM cellhouse.sample");
    assert_eq!(there, "2026-03-01 12:00:00.123456");
}

#[test]
fn tags_have_their_unit_also_when_it_changes() {
    let postgres = Postgres::start();
    let mut recorder = Recorder::new();
    recorder.record(1);
    for unit in ["mm", "cm"] {
        let note = Note { unit: unit.to_owned(), description: "Bath level".to_owned() };
        let notes = Notes::from_iter([("Line1.EL100.Bath.Level".to_owned(), note)]);
        let _handle = forward::start(postgres.config(), recorder.outbox(), notes).unwrap();
        recorder.record(1);
        until_all_forwarded(&postgres, &recorder.outbox());
        let query = "SELECT unit FROM cellhouse.tag WHERE path = 'Line1.EL100.Bath.Level'";
        assert_eq!(postgres.one::<String>(query), unit);
    }
}

#[test]
fn a_second_history_goes_to_the_same_tags() {
    let postgres = Postgres::start();
    for _ in 0..2 {
        let mut recorder = Recorder::new();
        recorder.record(10);
        let _handle = forward(&postgres.config(), recorder.outbox());
        until_all_forwarded(&postgres, &recorder.outbox());
    }
    let counts: i64 = postgres.one("SELECT count(*) FROM cellhouse.sample");
    assert_eq!(counts, 1000);
    assert_eq!(postgres.one::<i64>("SELECT count(*) FROM cellhouse.tag"), 7);
}

// The extension is not among Debian's packages: one that only notes how it is asked stands in for it.
#[test]
fn with_timescaledb_the_table_becomes_a_hypertable() {
    let postgres = Postgres::start();
    postgres.admin(
        "cellhouse",
        "CREATE TABLE public.asked (relation text, by_column text, chunk interval);
         GRANT ALL ON public.asked TO cellhouse;
         CREATE FUNCTION public.create_hypertable(
           relation regclass, time_column_name name, partitioning_column name DEFAULT NULL,
           chunk_time_interval anyelement DEFAULT NULL::bigint,
           create_default_indexes boolean DEFAULT true) RETURNS integer LANGUAGE plpgsql AS
           $$ BEGIN INSERT INTO public.asked VALUES (relation, time_column_name,
                    chunk_time_interval::text::interval); RETURN 1; END $$;
         INSERT INTO pg_extension SELECT 99999, 'timescaledb', 10, 'public'::regnamespace, false,
           '2.0', NULL, NULL",
    );
    let mut recorder = Recorder::new();
    recorder.record(10);
    let _handle = forward(&postgres.config(), recorder.outbox());
    until_all_forwarded(&postgres, &recorder.outbox());
    let asked: String =
        postgres.one("SELECT concat_ws(' ', relation, by_column, chunk) FROM public.asked");
    // Its schema is on the path of the user whose name it has.
    assert_eq!(asked, "sample time 1 day");
    assert_whole(&postgres, &recorder);
}
