//! Who may connect: bounds on connections in all and of one address, and who has to go when one more comes.
//!
//! A newcomer is a connection on which no session has been activated. Newcomers make room for each other, the oldest
//! first; whoever has logged in keeps its place.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use tokio::net::TcpStream;
use tracing::{info, warn};

use crate::ua::connection::{self, Connection};
use crate::ua::server::Server;

impl Server {
    /// Serves a client that has just connected, if there is room for it.
    pub(super) fn accept(self: &Rc<Self>, stream: TcpStream, peer: SocketAddr) {
        let hello_wait = Duration::from_millis(self.config.limits.hello_ms);
        let Some(connection) = self.admit(&stream, peer, hello_wait) else {
            warn!(%peer, "connection refused: all channels are in use");
            return;
        };
        tokio::task::spawn_local(connection::run(Rc::clone(self), connection, stream));
    }

    /// Enters a connection, made by a client or by us, among the others; `None` if all channels, or all that one
    /// address may have, are in use by clients that have logged in.
    pub fn admit(
        &self,
        stream: &TcpStream,
        peer: SocketAddr,
        hello_wait: Duration,
    ) -> Option<Rc<Connection>> {
        let limits = &self.config.limits;
        let of_address = |it: &Rc<Connection>| it.peer.ip() == peer.ip();
        let from_there = self.connections.borrow().values().filter(|it| of_address(it)).count();
        if from_there >= limits.connections_per_address && !self.evict(Some(peer.ip())) {
            return None;
        }
        if self.connections.borrow().len() >= limits.connections && !self.evict(None) {
            return None;
        }
        if let Err(error) = stream.set_nodelay(true) {
            warn!(%peer, %error, "connection without TCP_NODELAY");
        }
        let id = self.next_channel.get();
        self.next_channel.set(id.wrapping_add(1).max(1));
        let connection = Rc::new(Connection::new(id, peer, hello_wait));
        self.connections.borrow_mut().insert(id, Rc::clone(&connection));
        Some(connection)
    }

    /// Closes the oldest newcomer, of one address if it is given, to make room (SC-23): one without a session if
    /// there is any.
    fn evict(&self, address: Option<IpAddr>) -> bool {
        let mut connections = self.connections.borrow_mut();
        let oldest = connections
            .values()
            .filter(|it| !it.is_known.get() && address.is_none_or(|ip| it.peer.ip() == ip))
            .min_by_key(|it| (it.has_session.get(), it.id))
            .map(|it| it.id);
        let Some(oldest) = oldest.and_then(|id| connections.remove(&id)) else { return false };
        info!(channel = oldest.id, peer = %oldest.peer, "channel without session closed to make room");
        oldest.cut();
        true
    }
}
