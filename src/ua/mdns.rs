//! Multicast DNS (Part 12, Annex C): the server is seen on the local network as `_opcua-tcp._tcp`. Only the announcing;
//! looking for others, and FindServersOnNetwork, are for discovery servers.

use std::net::IpAddr;
use std::time::Duration;

use mdns_sd::{DaemonStatus, IfKind, ServiceDaemon, ServiceInfo};
use tracing::{info, warn};

use crate::ua::registration::CAPABILITIES;
use crate::ua::server::Server;

/// The service type of OPC UA over TCP.
const SERVICE: &str = "_opcua-tcp._tcp.local.";
/// Longest instance name: one label of DNS, bytes.
const NAME_BYTES: usize = 63;
/// Each step of the goodbye takes no longer.
const FAREWELL: Duration = Duration::from_secs(1);

/// An announcement, as long as it is kept. It has a thread of its own.
pub struct Announcement {
    daemon: ServiceDaemon,
    name: String,
}

impl Announcement {
    /// Announces the server on the networks that it listens on. `None`, and a line in the log, if that cannot be.
    pub fn begin(server: &Server) -> Option<Self> {
        match announce(server) {
            Ok(announcement) => {
                info!(name = announcement.name, "announced by multicast DNS");
                Some(announcement)
            }
            Err(error) => {
                warn!(%error, "not announced by multicast DNS");
                None
            }
        }
    }

    /// Takes the announcement back: whoever listens forgets us at once.
    pub async fn end(self) {
        // The library has no answers to await.
        let gone = tokio::task::spawn_blocking(move || {
            let left = self.daemon.unregister(&self.name).ok()?;
            left.recv_timeout(FAREWELL).ok()?;
            let ended = self.daemon.shutdown().ok()?;
            ended.recv_timeout(FAREWELL).ok().filter(|it| *it == DaemonStatus::Shutdown)
        });
        if gone.await.ok().flatten().is_none() {
            warn!("the announcement by multicast DNS could not be taken back");
        }
    }
}

fn announce(server: &Server) -> mdns_sd::Result<Announcement> {
    let address = server.config.listen.ip();
    let endpoints = &server.endpoints;
    let host = hostname::get().ok().and_then(|it| it.into_string().ok());
    let host = host.filter(|it| !it.is_empty()).unwrap_or_else(|| "localhost".to_owned());
    let label = host.split('.').next().unwrap_or(&host);
    let caps = CAPABILITIES.join(",");
    let texts = [("path", "/"), ("caps", caps.as_str())];
    // The name must be the only one of its kind on the network: the application, its machine and its port.
    let application = endpoints.application("").application_name;
    let name = format!("{}@{label}:{}", application.text.as_ref(), endpoints.port());
    let name = shortened(&name);
    let daemon = ServiceDaemon::new()?;
    daemon.disable_interface(IfKind::All)?;
    let full_host = format!("{label}.local.");
    let port = endpoints.port();
    let info = if address.is_unspecified() {
        daemon.enable_interface(IfKind::IPv4)?;
        if address.is_ipv6() {
            daemon.enable_interface(IfKind::IPv6)?;
        }
        daemon.disable_interface(vec![IfKind::LoopbackV4, IfKind::LoopbackV6])?;
        ServiceInfo::new(SERVICE, name, &full_host, "", port, &texts[..])?.enable_addr_auto()
    } else {
        daemon.enable_interface(kind(address))?;
        ServiceInfo::new(SERVICE, name, &full_host, address, port, &texts[..])?
    };
    let name = info.get_fullname().to_owned();
    daemon.register(info)?;
    Ok(Announcement { daemon, name })
}

fn kind(address: IpAddr) -> IfKind {
    match address {
        IpAddr::V4(it) if it.is_loopback() => IfKind::LoopbackV4,
        IpAddr::V6(it) if it.is_loopback() => IfKind::LoopbackV6,
        other => IfKind::Addr(other),
    }
}

/// As much of `name` as fits, cut between characters.
fn shortened(name: &str) -> &str {
    let end = (0..=name.len().min(NAME_BYTES)).rev().find(|it| name.is_char_boundary(*it));
    &name[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(shortened("Cellhouse@plant:4840"), "Cellhouse@plant:4840");
        assert_eq!(shortened(&"ä".repeat(40)), "ä".repeat(31));
        assert_eq!(shortened(""), "");
    }
}
