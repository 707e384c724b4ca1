//! Where the server forwards its samples to: a PostgreSQL database.

use std::net::IpAddr;
use std::path::PathBuf;

/// A PostgreSQL database, and how to get into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresConfig {
    /// Host name or address; the folder of its socket if it begins with `/`.
    pub host: String,
    /// Port; also part of a socket's name.
    pub port: u16,
    /// Database.
    pub database: String,
    /// User.
    pub user: String,
    /// File whose first line is the password; `None` if none is asked for (peer, trust).
    pub password_file: Option<PathBuf>,
    /// Schema that the tables are in.
    pub schema: String,
    /// Encryption of the connection.
    pub tls: PostgresTls,
    /// Bytes of logs that may wait while the database is away; then the oldest are given up for forwarding.
    pub outbox_bytes: u64,
}

/// Encryption of the connection to the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostgresTls {
    /// None.
    Off,
    /// TLS; the certificate must be for the host and lead to one in this PEM file.
    Require {
        /// PEM file of authorities.
        ca_file: PathBuf,
    },
}

impl Default for PostgresConfig {
    fn default() -> Self {
        Self {
            host: "/var/run/postgresql".to_owned(),
            port: 5432,
            database: "cellhouse".to_owned(),
            user: "cellhouse".to_owned(),
            password_file: None,
            schema: "cellhouse".to_owned(),
            tls: PostgresTls::Off,
            outbox_bytes: 4 << 30,
        }
    }
}

impl PostgresConfig {
    /// Whether the database is on this machine, so that nobody on a network can listen.
    pub fn is_local(&self) -> bool {
        let is_loopback = |it: IpAddr| it.is_loopback();
        self.host.starts_with('/')
            || self.host == "localhost"
            || self.host.parse().is_ok_and(is_loopback)
    }

    /// Host and port, for people.
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}
