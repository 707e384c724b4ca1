//! Up to where the database has the samples of a store. The row changes only from the place that is known to be there,
//! so that of two who forward the same samples, or a transaction that was thought lost, one fails.

use tokio_postgres::{Client, Error, Transaction};

use crate::forward::row::Moment;
use crate::history::Place;

/// What the database knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Position {
    /// Everything before it is there.
    pub(super) place: Place,
    /// Source time of the last sample before it.
    pub(super) time: Moment,
}

/// What is there of `store`.
pub(super) async fn read(
    client: &Client,
    schema: &str,
    store: &str,
) -> Result<Option<Position>, Error> {
    let query = format!(
        "SELECT generation, byte_offset, samples, sample_time FROM {schema}.cellhouse_position WHERE store = $1"
    );
    let row = client.query_opt(&query, &[&store]).await?;
    let Some(row) = row else { return Ok(None) };
    let number = |index| row.try_get::<_, i64>(index).map(|it| it as u64);
    let place = Place { generation: number(0)?, offset: number(1)?, samples: number(2)? };
    Ok(Some(Position { place, time: row.try_get(3)? }))
}

/// Moves it; returns false if it is not at `from`.
pub(super) async fn advance(
    transaction: &Transaction<'_>,
    schema: &str,
    store: &str,
    from: Option<Place>,
    to: &Position,
) -> Result<bool, Error> {
    let [generation, offset, samples] = columns(to.place);
    let changed = match from.map(columns) {
        None => {
            let insert = format!(
                "INSERT INTO {schema}.cellhouse_position
                 (store, generation, byte_offset, samples, sample_time) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT DO NOTHING"
            );
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
                [&store, &generation, &offset, &samples, &to.time];
            transaction.execute(&insert, &values).await?
        }
        Some([old_generation, old_offset, _]) => {
            let update = format!(
                "UPDATE {schema}.cellhouse_position SET generation = $2, byte_offset = $3,
                 samples = $4, sample_time = $5, changed_at = now()
                 WHERE store = $1 AND generation = $6 AND byte_offset = $7"
            );
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
                [&store, &generation, &offset, &samples, &to.time, &old_generation, &old_offset];
            transaction.execute(&update, &values).await?
        }
    };
    Ok(changed == 1)
}

fn columns(place: Place) -> [i64; 3] {
    [place.generation as i64, place.offset as i64, place.samples as i64]
}
