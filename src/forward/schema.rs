//! The tables, made on first use. `docs/postgres.md` describes them.

use std::collections::BTreeSet;

use tokio_postgres::{Client, Error};

use crate::forward::row::{Moment, QUALITIES};

/// Two servers that start at once make the tables one after the other; the number is ours among advisory locks.
const LOCK: i64 = 0x6365_6c6c_686f_7573;
/// Of a hypertable: about the samples that fit into memory.
const CHUNK: &str = "1 day";

/// What the tables are like.
#[derive(Debug)]
pub(super) struct Layout {
    /// Quoted.
    pub(super) schema: String,
    /// Native partitions by month that are known to be there; `None` if there are none to make.
    months: Option<BTreeSet<(i32, u32)>>,
}

impl Layout {
    /// The tables in `schema`; makes them if they are not there.
    pub(super) async fn ensure(client: &Client, schema: &str) -> Result<Self, Error> {
        let quoted = format!("\"{schema}\"");
        if !is_there(client, &format!("{quoted}.cellhouse_position")).await? {
            make(client, schema, &quoted).await?;
        }
        let partitioned = "SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass($1)";
        let row = client.query_opt(partitioned, &[&format!("{quoted}.sample")]).await?;
        let is_partitioned = row.map(|it| it.try_get(0)).transpose()?.unwrap_or(false);
        let months = is_partitioned.then(BTreeSet::new);
        Ok(Self { schema: quoted, months })
    }

    /// Makes the partitions that samples of these times go into.
    pub(super) async fn make_room(
        &mut self,
        client: &Client,
        times: impl Iterator<Item = Moment>,
    ) -> Result<(), Error> {
        let Some(months) = &mut self.months else { return Ok(()) };
        let mut needed: BTreeSet<(i32, u32)> = BTreeSet::new();
        let mut last = None;
        for Moment(time) in times {
            // The calendar is asked once for a run of samples of one time.
            if last.replace(time) != Some(time) {
                needed.insert(time.year_month());
            }
        }
        for month in needed {
            if !months.contains(&month) {
                make_month(client, &self.schema, month).await?;
                months.insert(month);
            }
        }
        Ok(())
    }
}

async fn is_there(client: &Client, name: &str) -> Result<bool, Error> {
    let row = client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&name]).await?;
    row.try_get(0)
}

/// Makes all tables, or none.
async fn make(client: &Client, schema: &str, quoted: &str) -> Result<(), Error> {
    let timescale = timescale(client).await?;
    // A role that owns the schema but not the database may not even ask for it to be made.
    let known = client.query_opt("SELECT FROM pg_namespace WHERE nspname = $1", &[&schema]).await?;
    let schema = if known.is_some() { "" } else { &format!("CREATE SCHEMA {quoted};") };
    let partition = if timescale.is_some() { "" } else { "PARTITION BY RANGE (time)" };
    let hypertable = timescale.map_or_else(String::new, |extension| {
        format!(
            "SELECT {extension}.create_hypertable('{quoted}.sample'::regclass, 'time'::name,
             chunk_time_interval => interval '{CHUNK}', create_default_indexes => false);"
        )
    });
    let qualities = qualities();
    let batch = format!(
        "BEGIN;
         SELECT pg_advisory_xact_lock({LOCK});
         {schema}
         CREATE TABLE IF NOT EXISTS {quoted}.tag (
           id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
           path text NOT NULL UNIQUE,
           unit text NOT NULL DEFAULT '',
           description text NOT NULL DEFAULT '');
         CREATE TABLE IF NOT EXISTS {quoted}.quality (
           id smallint PRIMARY KEY,
           name text NOT NULL,
           is_usable boolean NOT NULL);
         INSERT INTO {quoted}.quality VALUES {qualities} ON CONFLICT DO NOTHING;
         CREATE TABLE IF NOT EXISTS {quoted}.sample (
           tag integer NOT NULL,
           time timestamptz NOT NULL,
           value double precision,
           text text,
           quality smallint NOT NULL) {partition};
         CREATE INDEX IF NOT EXISTS sample_tag_time ON {quoted}.sample (tag, time);
         {hypertable}
         CREATE OR REPLACE VIEW {quoted}.reading AS
           SELECT tag.path, sample.time, sample.value, tag.unit, sample.text,
                  quality.name AS quality, quality.is_usable
           FROM {quoted}.sample JOIN {quoted}.tag ON tag.id = sample.tag
           JOIN {quoted}.quality ON quality.id = sample.quality;
         CREATE TABLE IF NOT EXISTS {quoted}.cellhouse_position (
           store text PRIMARY KEY,
           generation bigint NOT NULL,
           byte_offset bigint NOT NULL,
           samples bigint NOT NULL,
           sample_time timestamptz NOT NULL,
           changed_at timestamptz NOT NULL DEFAULT now());
         COMMIT"
    );
    let made = client.batch_execute(&batch).await;
    if made.is_err() {
        // The connection is dropped anyway; what was said first counts.
        client.batch_execute("ROLLBACK").await.ok();
    }
    made
}

/// The schema of the extension timescaledb, quoted, if there is one; the extension is made if it can be.
async fn timescale(client: &Client) -> Result<Option<String>, Error> {
    let schema = "SELECT quote_ident(nspname) FROM pg_extension
                  JOIN pg_namespace ON pg_namespace.oid = extnamespace
                  WHERE extname = 'timescaledb'";
    let available = "SELECT FROM pg_available_extensions WHERE name = 'timescaledb'";
    let mut found = client.query_opt(schema, &[]).await?;
    if found.is_none() && client.query_opt(available, &[]).await?.is_some() {
        if let Err(error) = client.batch_execute("CREATE EXTENSION timescaledb").await {
            let reason = error.as_db_error().map_or_else(String::new, |it| it.message().to_owned());
            tracing::warn!(
                reason,
                "timescaledb is installed but cannot be used; samples go into a plain table by months"
            );
        }
        found = client.query_opt(schema, &[]).await?;
    }
    found.map(|it| it.try_get(0)).transpose()
}

fn qualities() -> String {
    let row = |it: &crate::field::Quality| format!("({}, '{it:?}', {})", *it as u8, it.is_usable());
    QUALITIES.iter().map(row).collect::<Vec<_>>().join(", ")
}

/// Makes the partition of a month beside and attaches it: those who read meanwhile are not held up.
async fn make_month(client: &Client, schema: &str, month: (i32, u32)) -> Result<(), Error> {
    let (year, number) = month;
    let (next_year, next) = if number == 12 { (year + 1, 1) } else { (year, number + 1) };
    let name = format!("{schema}.sample_{year:04}_{number:02}");
    if is_there(client, &name).await? {
        return Ok(());
    }
    let batch = format!(
        "BEGIN;
         SELECT pg_advisory_xact_lock({LOCK});
         CREATE TABLE {name} (LIKE {schema}.sample INCLUDING ALL);
         ALTER TABLE {schema}.sample ATTACH PARTITION {name}
           FOR VALUES FROM ('{year:04}-{number:02}-01 00:00:00+00')
           TO ('{next_year:04}-{next:02}-01 00:00:00+00');
         COMMIT"
    );
    client.batch_execute(&batch).await
}
