//! One connection, from the first question to its end.

use std::pin::pin;
use std::time::Duration;

use tokio_postgres::Transaction;
use tokio_postgres::binary_copy::BinaryCopyInWriter;

use crate::config::PostgresConfig;
use crate::forward::connect::{Link, connect};
use crate::forward::forwarder::Forwarder;
use crate::forward::position::{self, Position};
use crate::forward::row::{Moment, Row, TYPES};
use crate::forward::schema::Layout;
use crate::forward::tags::Tags;
use crate::forward::{ForwardError, Notes};
use crate::history::{Outbox, Parcel, Place};

/// Samples of one transaction, about: whole records of the log until there are so many.
const PARCEL_SAMPLES: usize = 100_000;
/// To look again where nothing was.
const POLL: Duration = Duration::from_secs(1);
/// For a question or a transaction, s.
const ANSWER_S: u64 = 60;

/// A connection, and what is known of the database behind it.
#[derive(Debug)]
struct Session<'a> {
    config: &'a PostgresConfig,
    outbox: &'a Outbox,
    notes: &'a Notes,
    link: Link,
    layout: Layout,
    tags: Tags,
    /// As the database has it.
    position: Option<Position>,
}

/// Forwards until something fails.
pub(super) async fn run(forwarder: &mut Forwarder) -> Result<(), ForwardError> {
    let (config, outbox) = (forwarder.config.clone(), forwarder.outbox.clone());
    let notes = std::sync::Arc::clone(&forwarder.notes);
    let mut session = in_time(Session::begin(&config, &outbox, &notes)).await?;
    let mut here = forwarder.resume(session.position.map(|it| it.place));
    forwarder.last_time = session.position.map(|it| it.time.0).or(forwarder.last_time);
    forwarder.connected(here);
    loop {
        let parcel = outbox.read(here, PARCEL_SAMPLES).map_err(ForwardError::Outbox)?;
        if parcel.end == here {
            forwarder.look(here);
            tokio::time::sleep(POLL).await;
            if session.link.client.is_closed() {
                return Err(ForwardError::Ended);
            }
            continue;
        }
        here = parcel.end;
        if let Some((_, first)) = parcel.samples.first() {
            forwarder.tell_gap(first.time);
            let to = in_time(session.send(&parcel)).await?;
            forwarder.sent(parcel.samples.len() as u64, &to);
        }
        if let Some(gap) = parcel.gap {
            forwarder.note_gap(gap);
        }
        forwarder.look(here);
    }
}

/// As `work`, but not for ever.
async fn in_time<T>(
    work: impl Future<Output = Result<T, ForwardError>>,
) -> Result<T, ForwardError> {
    let done = tokio::time::timeout(Duration::from_secs(ANSWER_S), work).await;
    done.unwrap_or(Err(ForwardError::Silent { seconds: ANSWER_S }))
}

impl<'a> Session<'a> {
    async fn begin(
        config: &'a PostgresConfig,
        outbox: &'a Outbox,
        notes: &'a Notes,
    ) -> Result<Self, ForwardError> {
        let wrong = |source| ForwardError::of(config, source);
        let link = connect(config).await?;
        let layout = Layout::ensure(&link.client, &config.schema).await.map_err(wrong)?;
        let position = position::read(&link.client, &layout.schema, outbox.store()).await;
        let position = position.map_err(wrong)?;
        Ok(Self { config, outbox, notes, link, layout, tags: Tags::default(), position })
    }

    /// Samples and place go together, or not at all.
    async fn send(&mut self, parcel: &Parcel) -> Result<Position, ForwardError> {
        let wrong = |source| ForwardError::of(self.config, source);
        let client = &mut self.link.client;
        let schema = self.layout.schema.clone();
        self.tags.learn(client, &schema, self.outbox, self.notes).await.map_err(wrong)?;
        let row = |(series, sample)| Some(Row::new(self.tags.get(series)?, sample));
        let mut rows: Vec<Row> =
            parcel.samples.iter().filter_map(|(series, sample)| row((*series, sample))).collect();
        let times = rows.iter().map(|it| it.time);
        self.layout.make_room(client, times).await.map_err(wrong)?;
        // Neighbours of one tag go to one page of the index. Samples of one tag stay in the order of arrival.
        rows.sort_by_key(|it| it.tag);
        let last = parcel.samples.last().map(|it| Moment::of(it.1.time));
        let time = last.or(self.position.map(|it| it.time)).unwrap_or_else(zero);
        let to = Position { place: parcel.end, time };
        let from: Option<Place> = self.position.map(|it| it.place);
        let transaction = client.transaction().await.map_err(wrong)?;
        let moved = position::advance(&transaction, &schema, self.outbox.store(), from, &to).await;
        if !moved.map_err(wrong)? {
            return Err(ForwardError::Moved);
        }
        copy(&transaction, &schema, &rows).await.map_err(wrong)?;
        transaction.commit().await.map_err(wrong)?;
        self.position = Some(to);
        Ok(to)
    }
}

fn zero() -> Moment {
    Moment::of(crate::time::Timestamp::default())
}

async fn copy(
    transaction: &Transaction<'_>,
    schema: &str,
    rows: &[Row],
) -> Result<(), tokio_postgres::Error> {
    let statement = format!(
        "COPY {schema}.sample (tag, time, value, text, quality) FROM STDIN (FORMAT binary)"
    );
    let sink = transaction.copy_in(&statement).await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &TYPES));
    for Row { tag, time, value, text, quality } in rows {
        writer.as_mut().write(&[tag, time, value, text, quality]).await?;
    }
    writer.finish().await?;
    Ok(())
}
