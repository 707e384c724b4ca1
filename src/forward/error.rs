//! What goes wrong on the way to the database.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use tokio_postgres::error::SqlState;

use crate::config::PostgresConfig;
use crate::history::HistoryError;

/// Why samples cannot be forwarded at the moment. They wait.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// A file of the configuration cannot be used.
    #[error("{what} {}", path.display())]
    File {
        /// What it is for.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The certificate authorities cannot be used.
    #[error("the certificates in {} cannot be used", path.display())]
    Certificates {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// No answer, or not one of PostgreSQL.
    #[error("PostgreSQL at {place} cannot be reached")]
    Unreachable {
        /// Host and port.
        place: String,
        /// Why.
        source: tokio_postgres::Error,
    },
    /// Wrong user or password, or pg_hba.conf does not know us.
    #[error(
        "PostgreSQL at {place} does not let in user \"{user}\" (password_file, or pg_hba.conf there): {message}"
    )]
    Refused {
        /// Host and port.
        place: String,
        /// As configured.
        user: String,
        /// What the database says.
        message: String,
    },
    /// There is no such database.
    #[error(
        "PostgreSQL at {place} has no database \"{database}\"; make it: createdb -O {user} {database}"
    )]
    NoDatabase {
        /// Host and port.
        place: String,
        /// As configured.
        database: String,
        /// As configured.
        user: String,
    },
    /// The user may not do what is needed.
    #[error(
        "user \"{user}\" lacks a right in database \"{database}\": {message}; give it the schema: CREATE SCHEMA {schema} AUTHORIZATION {user}"
    )]
    NoRight {
        /// As configured.
        user: String,
        /// As configured.
        database: String,
        /// As configured.
        schema: String,
        /// What the database says.
        message: String,
    },
    /// The database says no for another reason: its disk is full, it shuts down.
    #[error("PostgreSQL says: {message} ({code})")]
    Server {
        /// What it says.
        message: String,
        /// Its code, such as 53100.
        code: String,
    },
    /// The connection broke.
    #[error("the connection to PostgreSQL broke")]
    Broken(#[source] tokio_postgres::Error),
    /// The connection broke while nothing was under way.
    #[error("the connection to PostgreSQL has ended")]
    Ended,
    /// No answer within this time.
    #[error("PostgreSQL has not answered for {seconds} s")]
    Silent {
        /// How long.
        seconds: u64,
    },
    /// The place in the database is not the one that it had before.
    #[error("another server forwards the same history, or a lost transaction was still under way")]
    Moved,
    /// The logs cannot be read.
    #[error("the logs of the history cannot be read")]
    Outbox(#[source] HistoryError),
}

impl ForwardError {
    /// What an error of the client library means.
    pub(super) fn of(config: &PostgresConfig, source: tokio_postgres::Error) -> Self {
        let PostgresConfig { user, database, schema, .. } = config.clone();
        let place = config.place();
        let Some(answer) = source.as_db_error() else {
            return Self::Broken(source);
        };
        let message = answer.message().to_owned();
        match *answer.code() {
            SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
                Self::Refused { place, user, message }
            }
            SqlState::INVALID_CATALOG_NAME => Self::NoDatabase { place, database, user },
            SqlState::INSUFFICIENT_PRIVILEGE => Self::NoRight { user, database, schema, message },
            ref code => Self::Server { message, code: code.code().to_owned() },
        }
    }

    /// As [`ForwardError::of`], before there is a connection.
    pub(super) fn of_connecting(config: &PostgresConfig, source: tokio_postgres::Error) -> Self {
        match Self::of(config, source) {
            Self::Broken(source) => Self::Unreachable { place: config.place(), source },
            other => other,
        }
    }

    /// This and what it comes from, in one line.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = self.source();
        while let Some(error) = next {
            // The client library repeats its source in its own words.
            let more = error.to_string();
            if !text.ends_with(&more) {
                text = format!("{text}: {more}");
            }
            next = error.source();
        }
        text
    }
}
