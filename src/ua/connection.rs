//! One TCP connection: bytes in, frames to the channel, messages to the services, bytes out.
//!
//! ```text
//! connected ─HEL─► greeted ─OPN─► open ─CLO, error, deadline, peer gone─► closed
//! ```
//! On a connection that the server made itself, a ReverseHello goes out first; a client that refuses it answers ERR.
//!
//! Input is not read while more than `HIGH_WATER` bytes wait to go out: a client that does not take
//! its answers slows down nobody but itself. A newcomer, on whose connection no session has been activated, has less of
//! everything: one message of `message_bytes_before_login`, no second one before the answer to the first is taken.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use opcua_types::StatusCode;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tracing::{debug, info};

use crate::time;
use crate::ua::channel::{Channel, Received};
use crate::ua::envelope;
use crate::ua::server::Server;
use crate::ua::service;
use crate::ua::wire::{self, FrameKind, TransportLimits};

/// Bytes waiting to go out above which nothing more is read.
const HIGH_WATER: usize = 1 << 20;
/// Bytes asked of the socket at a time.
const READ_BYTES: usize = 16 * 1024;
/// Bytes asked of a newcomer's socket before the length of its frame is known.
const NEWCOMER_READ_BYTES: usize = 1024;
/// A client that takes no byte for so long while answers wait is closed.
const STALL: Duration = Duration::from_secs(30);

/// What services see of a connection.
#[derive(Debug)]
pub struct Connection {
    /// Secure channel id, unique in this run.
    pub id: u32,
    /// The client's address.
    pub peer: SocketAddr,
    /// The secure channel, from Hello on.
    pub channel: RefCell<Option<Channel>>,
    /// A session has been created on it.
    pub has_session: Cell<bool>,
    /// A session has been activated on it: it is no newcomer any more.
    pub is_known: Cell<bool>,
    /// The URL that the client said in its Hello.
    pub endpoint_url: RefCell<String>,
    outbox: RefCell<Vec<u8>>,
    wake: Notify,
    /// How long a Hello is waited for.
    hello_wait: Duration,
    /// Told once when the channel is open.
    pub open: Notify,
    /// The pump is at work and will look at the outbox by itself.
    pumping: Cell<bool>,
    closing: Cell<bool>,
    /// It ends at once, whatever waits to go out.
    is_cut: Cell<bool>,
    /// How the channel ends: why, if it is refused or broken.
    end: Cell<StatusCode>,
}

impl Connection {
    /// A connection that has just been accepted, or made; a Hello is waited for as long as `hello_wait`.
    pub fn new(id: u32, peer: SocketAddr, hello_wait: Duration) -> Self {
        Self {
            id,
            peer,
            channel: RefCell::new(None),
            has_session: Cell::new(false),
            is_known: Cell::new(false),
            endpoint_url: RefCell::new(String::new()),
            outbox: RefCell::new(Vec::new()),
            wake: Notify::new(),
            hello_wait,
            open: Notify::new(),
            pumping: Cell::new(false),
            closing: Cell::new(false),
            is_cut: Cell::new(false),
            end: Cell::new(StatusCode::Good),
        }
    }

    /// Sends a message. One that the client cannot take becomes a ServiceFault `BadResponseTooLarge`.
    pub fn send(&self, request_id: u32, request_handle: u32, body: &[u8]) {
        if self.closing.get() {
            return;
        }
        let mut channel = self.channel.borrow_mut();
        let Some(channel) = channel.as_mut() else { return };
        let mut outbox = self.outbox.borrow_mut();
        if channel.send(request_id, body, &mut outbox).is_err() {
            let status = StatusCode::BadResponseTooLarge;
            let fault = envelope::fault(request_handle, status, time::now());
            if channel.send(request_id, &fault, &mut outbox).is_err() {
                self.closing.set(true);
            }
        }
        self.wake_pump();
    }

    fn wake_pump(&self) {
        if !self.pumping.get() {
            self.wake.notify_one();
        }
    }

    /// Says who we are, before anything else (Part 6, 7.1.2.6).
    pub fn say_reverse_hello(&self, server_uri: &str, endpoint_url: &str) {
        wire::write_reverse_hello(&mut self.outbox.borrow_mut(), server_uri, endpoint_url);
        self.wake_pump();
    }

    /// Bytes that wait to go out.
    pub fn backlog(&self) -> usize {
        self.outbox.borrow().len()
    }

    /// Closes once what waits has gone out.
    pub fn close(&self) {
        self.closing.set(true);
        self.wake_pump();
    }

    /// Ends it at once: what waits is not sent.
    pub fn cut(&self) {
        self.is_cut.set(true);
        self.close();
    }

    /// Bytes waiting to go out from which on nothing more is read.
    fn high_water(&self) -> usize {
        if self.is_known.get() { HIGH_WATER } else { 1 }
    }

    fn fail(&self, status: StatusCode, reason: &str) {
        debug!(channel = self.id, peer = %self.peer, %status, reason, "connection refused");
        wire::write_error(&mut self.outbox.borrow_mut(), status, reason);
        self.closing.set(true);
        self.end.set(status);
    }
}

/// Serves one connection until it ends.
pub async fn run(server: Rc<Server>, connection: Rc<Connection>, stream: TcpStream) {
    debug!(channel = connection.id, peer = %connection.peer, "connected");
    let mut pump = Pump::new(&server, &connection);
    if let Err(error) = pump.run(&server, &connection, &stream).await {
        debug!(channel = connection.id, %error, "connection lost");
    }
    server.disconnected(connection.id);
    if connection.channel.borrow().as_ref().is_some_and(|it| it.deadline().is_some()) {
        server.audit_close(&connection, connection.end.get());
    }
    info!(channel = connection.id, peer = %connection.peer, "channel closed");
}

/// The state of the loop that moves bytes.
struct Pump {
    input: BytesMut,
    limits: TransportLimits,
    written: usize,
    deadline: Instant,
    hello_ms: u64,
    last_progress: Instant,
    newcomer_bytes: usize,
}

impl Pump {
    fn new(server: &Server, connection: &Connection) -> Self {
        let now = time::monotonic();
        Self {
            input: BytesMut::new(),
            limits: server.transport_limits(),
            written: 0,
            deadline: now + connection.hello_wait,
            hello_ms: server.config.limits.hello_ms,
            last_progress: now,
            newcomer_bytes: server.config.limits.message_bytes_before_login,
        }
    }

    async fn run(
        &mut self,
        server: &Rc<Server>,
        connection: &Rc<Connection>,
        stream: &TcpStream,
    ) -> io::Result<()> {
        let timer = tokio::time::sleep_until(self.deadline.into());
        tokio::pin!(timer);
        loop {
            let (mut eof, mut is_held_up) = (false, false);
            if self.may_go_on(connection) {
                eof = self.fill(connection, stream)?;
                connection.pumping.set(true);
                is_held_up = self.process(server, connection);
                connection.pumping.set(false);
            }
            self.flush(connection, stream)?;
            let waiting = connection.backlog() > self.written;
            if (connection.closing.get() && !waiting) || eof || connection.is_cut.get() {
                return Ok(());
            }
            let deadline = self.next_deadline(connection, waiting);
            if time::monotonic() >= deadline {
                return Ok(());
            }
            if is_held_up && self.may_go_on(connection) {
                // Its answers are out and more of its requests are here; others come first.
                tokio::task::yield_now().await;
                continue;
            }
            if timer.deadline() != deadline.into() {
                timer.as_mut().reset(deadline.into());
            }
            let may_read = self.may_go_on(connection) && !connection.closing.get();
            tokio::select! {
                ready = stream.readable(), if may_read => ready?,
                ready = stream.writable(), if waiting => ready?,
                () = connection.wake.notified() => {}
                () = &mut timer => {}
            }
        }
    }

    /// Whether little enough waits to go out for more to be read.
    fn may_go_on(&self, connection: &Connection) -> bool {
        connection.backlog() - self.written < connection.high_water()
    }

    /// Reads what is there, at most one chunk's worth; true at the end of the stream.
    fn fill(&mut self, connection: &Connection, stream: &TcpStream) -> io::Result<bool> {
        if connection.is_known.get() {
            // The rest of a long frame in one go: without moving what is there already.
            let rest = wire::announced(&self.input).unwrap_or(0).saturating_sub(self.input.len());
            self.input.reserve(rest.clamp(READ_BYTES, self.limits.receive_chunk.max(READ_BYTES)));
        } else {
            self.make_room_for_newcomer();
        }
        match stream.try_read_buf(&mut self.input) {
            Ok(0) => Ok(true),
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Room for the rest of the frame and no more: a buffer that grows by itself takes twice what it needs.
    fn make_room_for_newcomer(&mut self) {
        let has = self.input.len();
        if self.input.capacity() == has {
            let rest = wire::announced(&self.input).unwrap_or(0).saturating_sub(has);
            let more = if rest == 0 { NEWCOMER_READ_BYTES } else { rest.min(self.newcomer_bytes) };
            let mut bigger = BytesMut::with_capacity(has + more);
            bigger.extend_from_slice(&self.input);
            self.input = bigger;
        }
    }

    /// What the next chunk may be: of a newcomer's message, what is left of its bound.
    fn chunk_limits(&self, connection: &Connection) -> TransportLimits {
        if connection.is_known.get() {
            return self.limits;
        }
        let channel = connection.channel.borrow();
        let begun = channel.as_ref().map_or(0, Channel::assembled_bytes);
        let left = self.newcomer_bytes.saturating_sub(begun);
        TransportLimits { receive_chunk: self.limits.receive_chunk.min(left), ..self.limits }
    }

    /// Hands out the frames that are there; whether some may be left because answers must go out first.
    fn process(&mut self, server: &Rc<Server>, connection: &Rc<Connection>) -> bool {
        while !connection.closing.get() {
            if !self.may_go_on(connection) {
                return true;
            }
            let limits = self.chunk_limits(connection);
            let frame = match wire::next_frame(&self.input, &limits) {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(_) if self.input.starts_with(b"ERR") => {
                    // A ReverseHello that the client does not want: an error is not answered with another.
                    connection.closing.set(true);
                    break;
                }
                Err(error) => {
                    connection.fail(error.status(), &error.to_string());
                    break;
                }
            };
            let mut bytes = self.input.split_to(frame.len);
            if frame.kind == FrameKind::Hello {
                self.hello(server, connection, &bytes);
            } else {
                receive(server, connection, &mut bytes);
            }
        }
        if self.input.is_empty() && self.input.capacity() > 4 * READ_BYTES {
            self.input = BytesMut::new();
        }
        false
    }

    fn hello(&mut self, server: &Rc<Server>, connection: &Rc<Connection>, frame: &[u8]) {
        if connection.channel.borrow().is_some() {
            connection.fail(StatusCode::BadTcpMessageTypeInvalid, "hello twice");
            return;
        }
        let limits = wire::parse_hello(frame).and_then(|hello| {
            connection.endpoint_url.replace(hello.endpoint_url.clone());
            wire::acknowledge(&hello, &self.limits, &mut connection.outbox.borrow_mut())
        });
        match limits {
            Ok(limits) => {
                self.limits = limits;
                self.deadline = time::monotonic() + Duration::from_millis(self.hello_ms);
                let channel = Channel::new(connection.id, Rc::clone(&server.channels), limits);
                connection.channel.replace(Some(channel));
            }
            Err(error) => connection.fail(error.status(), &error.to_string()),
        }
    }

    fn flush(&mut self, connection: &Connection, stream: &TcpStream) -> io::Result<()> {
        let mut outbox = connection.outbox.borrow_mut();
        while self.written < outbox.len() {
            match stream.try_write(&outbox[self.written..]) {
                Ok(count) => {
                    self.written += count;
                    self.last_progress = time::monotonic();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        self.written = 0;
        outbox.clear();
        if outbox.capacity() > HIGH_WATER {
            outbox.shrink_to(READ_BYTES);
        }
        Ok(())
    }

    /// When the connection must end if nothing happens: no Hello, no channel, token expired, client stalled.
    fn next_deadline(&mut self, connection: &Connection, waiting: bool) -> Instant {
        let mut deadline = self.deadline;
        if let Some(channel) = connection.channel.borrow().as_ref()
            && let Some(expiry) = channel.deadline()
        {
            deadline = expiry;
        }
        if waiting { deadline.min(self.last_progress + STALL) } else { deadline }
    }
}

/// Hands one OPN, MSG or CLO chunk to the channel and what comes out to the services.
fn receive(server: &Rc<Server>, connection: &Rc<Connection>, chunk: &mut BytesMut) {
    let (received, attempt) = {
        let mut channel = connection.channel.borrow_mut();
        let Some(channel) = channel.as_mut() else {
            drop(channel);
            connection.fail(StatusCode::BadTcpMessageTypeInvalid, "hello expected");
            return;
        };
        let mut outbox = connection.outbox.borrow_mut();
        let received = channel.receive(chunk, time::monotonic(), time::now(), &mut outbox);
        (received, channel.take_attempt())
    };
    if let Some(attempt) = attempt {
        let status = received.as_ref().err().map_or(StatusCode::Good, |it| it.status());
        server.audit_open(connection, &attempt, status);
    }
    match received {
        Ok(Received::Message { request_id, body }) => {
            chunk.advance(body.start);
            chunk.truncate(body.len());
            service::dispatch(server, connection, request_id, chunk);
        }
        Ok(Received::Assembled { request_id, body }) => {
            service::dispatch(server, connection, request_id, &body);
        }
        Ok(Received::Opened) => {
            server.opened(connection);
            connection.open.notify_one();
        }
        Ok(Received::Partial | Received::Aborted) => {}
        Ok(Received::Closed) => connection.closing.set(true),
        Err(error) => {
            server.counters.rejected_requests.bump();
            connection.fail(error.status(), &error.to_string());
        }
    }
}
