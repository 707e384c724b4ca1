//! Reverse connect (Part 6, 7.1.2.6): the server makes the connection and says who it is; from there on the client
//! talks as on any other.
//!
//! ```text
//! dialling ─TCP, RHE─► waiting ─HEL, OPN─► in use: another one is dialled
//!    ▲                    │ refused, ERR, anything else, closed, silent too long
//!    └──── pause ◄────────┘ that doubles with each failure in a row
//! ```

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::config::ReverseConnect;
use crate::ua::connection;
use crate::ua::crypto;
use crate::ua::server::Server;

/// A connection is tried for so long.
const DIAL: Duration = Duration::from_secs(10);
/// A client may leave a connection waiting for so long; then it is made anew, since nobody may be there any more.
const WAIT: Duration = Duration::from_mins(1);

/// Why a connection did not come into use.
#[derive(Debug, thiserror::Error)]
enum DialError {
    #[error("cannot connect: {0}")]
    Connect(#[from] std::io::Error),
    #[error("no connection in time")]
    Timeout,
    #[error("the client refused or closed the connection")]
    Refused,
    #[error("all channels are in use")]
    Full,
}

/// Starts a task for each client; they end when they are aborted.
pub fn start(server: &Rc<Server>) -> Vec<JoinHandle<()>> {
    let targets = server.config.reverse_connect.iter();
    targets
        .map(|target| tokio::task::spawn_local(keep_one(Rc::clone(server), target.clone())))
        .collect()
}

/// Keeps one connection waiting at the client.
async fn keep_one(server: Rc<Server>, target: ReverseConnect) {
    let client = target.url.url();
    let places = Arc::new(Semaphore::new(target.connections));
    let mut failures: u32 = 0;
    // It is never closed.
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match offer(&server, &target, place).await {
            Ok(()) => {
                info!(client, failures, "reverse connection in use");
                failures = 0;
            }
            Err(error) => {
                if failures == 0 {
                    warn!(client, %error, "reverse connect failed; it is tried again");
                }
                failures = failures.saturating_add(1);
            }
        }
        // Also behind a success: a client that opens and closes at once is not dialled in a busy loop.
        tokio::time::sleep(target.pause(failures.saturating_sub(1), chance())).await;
    }
}

/// One connection, until it is in use or over; it holds its place to its end.
async fn offer(
    server: &Rc<Server>,
    target: &ReverseConnect,
    place: OwnedSemaphorePermit,
) -> Result<(), DialError> {
    let address = (target.url.host(), target.url.port());
    let dialled = tokio::time::timeout(DIAL, TcpStream::connect(address)).await;
    let stream = dialled.map_err(|_| DialError::Timeout)??;
    let peer = stream.peer_addr()?;
    let connection = server.admit(&stream, peer, WAIT).ok_or(DialError::Full)?;
    let url = server.endpoints.url("");
    connection.say_reverse_hello(&server.endpoints.application_uri, &url);
    let mut running = tokio::task::spawn_local({
        let (server, connection) = (Rc::clone(server), Rc::clone(&connection));
        async move {
            connection::run(server, connection, stream).await;
            drop(place);
        }
    });
    tokio::select! {
        biased;
        () = connection.open.notified() => Ok(()),
        _ = &mut running => Err(DialError::Refused),
    }
}

/// A number from 0 to 1.
fn chance() -> f64 {
    let mut byte = [0];
    // Without chance the pause is at its full length.
    let drawn = crypto::fill_random(&mut byte);
    drawn.map_or(0.0, |()| f64::from(byte[0]) / 255.0)
}
