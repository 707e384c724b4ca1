//! A way to the database that can be cut after so many bytes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use cellhouse::config::PostgresConfig;

/// Listens on a port of this machine and carries bytes to a socket, until it has carried so many either way.
#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    /// Bytes that may still go to the database.
    pub(crate) up: Arc<AtomicI64>,
    /// Bytes that may still come back.
    pub(crate) down: Arc<AtomicI64>,
    /// Connections that were cut.
    pub(crate) cuts: Arc<AtomicUsize>,
}

impl Proxy {
    pub(crate) fn new(socket_folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            up: Arc::new(AtomicI64::new(i64::MAX)),
            down: Arc::new(AtomicI64::new(i64::MAX)),
            cuts: Arc::default(),
        };
        let socket = socket_folder.join(".s.PGSQL.5432");
        let (up, down) = (Arc::clone(&proxy.up), Arc::clone(&proxy.down));
        let cuts = Arc::clone(&proxy.cuts);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                carry(&client, &socket, [&up, &down], &cuts);
            }
        });
        proxy
    }

    /// A configuration that goes this way.
    pub(crate) fn config(&self, direct: PostgresConfig) -> PostgresConfig {
        PostgresConfig { host: "127.0.0.1".to_owned(), port: self.port, ..direct }
    }
}

/// From where, to where, and how many bytes may still go.
type Way<'a> = (Box<dyn Read + Send>, Box<dyn Write + Send>, &'a Arc<AtomicI64>);

fn carry(
    client: &TcpStream,
    socket: &Path,
    [up, down]: [&Arc<AtomicI64>; 2],
    cuts: &Arc<AtomicUsize>,
) {
    let Ok(server) = UnixStream::connect(socket) else { return };
    let ways: [Way<'_>; 2] = [
        (Box::new(client.try_clone().unwrap()), Box::new(server.try_clone().unwrap()), up),
        (Box::new(server.try_clone().unwrap()), Box::new(client.try_clone().unwrap()), down),
    ];
    for (mut from, mut to, left) in ways {
        let (left, cuts) = (Arc::clone(left), Arc::clone(cuts));
        let ends = (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || {
            let mut bytes = vec![0; 4096];
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                let before = left.fetch_sub(count as i64, Ordering::SeqCst);
                let fits = before.clamp(0, count as i64) as usize;
                if to.write_all(&bytes[..fits]).is_err() {
                    break;
                }
                if fits < count {
                    cuts.fetch_add(1, Ordering::SeqCst);
                    left.store(i64::MAX, Ordering::SeqCst);
                    break;
                }
            }
            ends.0.shutdown(Shutdown::Both).ok();
            ends.1.shutdown(Shutdown::Both).ok();
        });
    }
}
