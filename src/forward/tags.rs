//! Which number a series has in the database.

use tokio_postgres::{Client, Error};

use crate::forward::Notes;
use crate::forward::row::clean;
use crate::history::{Outbox, SeriesId};

/// Tags that are told to the database at a time.
const TAGS_MAX: usize = 10_000;

/// Numbers of tags in the database, by number of series.
#[derive(Debug, Default)]
pub(super) struct Tags(Vec<i32>);

impl Tags {
    /// The tag of a series; `None` for one that the history itself does not know.
    pub(super) fn get(&self, series: SeriesId) -> Option<i32> {
        self.0.get(series.number() as usize).copied()
    }

    /// Learns the tags of all series that came since this was called last; makes those that the database does not
    /// have. A note that has changed is written anew.
    pub(super) async fn learn(
        &mut self,
        client: &Client,
        schema: &str,
        outbox: &Outbox,
        notes: &Notes,
    ) -> Result<(), Error> {
        let paths = outbox.paths_from(self.0.len());
        for paths in paths.chunks(TAGS_MAX) {
            let ids = tell(client, schema, paths, notes).await?;
            self.0.extend(ids);
        }
        Ok(())
    }
}

/// Numbers of the tags with these paths, in their order.
async fn tell(
    client: &Client,
    schema: &str,
    paths: &[String],
    notes: &Notes,
) -> Result<Vec<i32>, Error> {
    let note = |path: &String| notes.get(path).cloned().unwrap_or_default();
    let units: Vec<String> = paths.iter().map(|it| clean(&note(it).unit)).collect();
    let texts: Vec<String> = paths.iter().map(|it| clean(&note(it).description)).collect();
    let paths: Vec<String> = paths.iter().map(|it| clean(it)).collect();
    let given = "unnest($1::text[], $2::text[], $3::text[])";
    // Only what is missing is inserted: a conflict would use up a number each time.
    let insert = format!(
        "INSERT INTO {schema}.tag (path, unit, description)
         SELECT path, unit, description FROM {given} AS it(path, unit, description)
         WHERE NOT EXISTS (SELECT FROM {schema}.tag WHERE tag.path = it.path)
         ON CONFLICT (path) DO NOTHING"
    );
    client.execute(&insert, &[&paths, &units, &texts]).await?;
    let update = format!(
        "UPDATE {schema}.tag SET unit = it.unit, description = it.description
         FROM {given} AS it(path, unit, description) WHERE tag.path = it.path
         AND (tag.unit, tag.description) IS DISTINCT FROM (it.unit, it.description)"
    );
    client.execute(&update, &[&paths, &units, &texts]).await?;
    let select = format!(
        "SELECT tag.id FROM unnest($1::text[]) WITH ORDINALITY AS it(path, nth)
         JOIN {schema}.tag USING (path) ORDER BY nth"
    );
    let rows = client.query(&select, &[&paths]).await?;
    rows.iter().map(|it| it.try_get(0)).collect()
}
