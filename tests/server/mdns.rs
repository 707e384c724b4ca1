//! Multicast DNS (Part 12, Annex C) on the loopback interface: another responder's view of the announcement.

use std::time::Duration;

use cellhouse::time;
use mdns_sd::{IfKind, Receiver, ResolvedService, ServiceDaemon, ServiceEvent};

use crate::raw::Server;

const SERVICE: &str = "_opcua-tcp._tcp.local.";
/// An event is waited for so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Looks for OPC UA servers on the loopback interface.
fn browse() -> (ServiceDaemon, Receiver<ServiceEvent>) {
    let daemon = ServiceDaemon::new().expect("multicast DNS needs UDP port 5353 to be shared");
    daemon.disable_interface(IfKind::All).unwrap();
    daemon.enable_interface(IfKind::LoopbackV4).unwrap();
    let events = daemon.browse(SERVICE).unwrap();
    (daemon, events)
}

fn until<T>(
    events: &Receiver<ServiceEvent>,
    what: &str,
    mut wanted: impl FnMut(ServiceEvent) -> Option<T>,
) -> T {
    let end = time::monotonic() + PATIENCE;
    loop {
        let left = end.saturating_duration_since(time::monotonic());
        let event = events.recv_timeout(left).unwrap_or_else(|_| {
            panic!(
                "{what}: not seen on the loopback interface within {PATIENCE:?}; if this machine has no multicast \
                 there, `ip link set lo multicast on` gives it"
            )
        });
        if let Some(found) = wanted(event) {
            return found;
        }
    }
}

#[test]
fn dis_13_the_server_is_seen_on_the_network_and_gone_once_it_stops() {
    let (daemon, events) = browse();
    let mut server = Server::with("[discovery]\nmdns = true\n");
    let port: u16 = server.address.rsplit(':').next().unwrap().parse().unwrap();
    let found: Box<ResolvedService> = until(&events, "the announcement", |event| match event {
        ServiceEvent::ServiceResolved(found) if found.get_port() == port => Some(found),
        _ => None,
    });
    assert_eq!(found.get_property_val_str("path"), Some("/"));
    assert_eq!(found.get_property_val_str("caps"), Some("DA"));
    assert!(found.get_addresses_v4().iter().all(std::net::Ipv4Addr::is_loopback));
    assert!(found.get_fullname().starts_with("Cellhouse@"), "{}", found.get_fullname());
    server.signal();
    let name = found.get_fullname().to_owned();
    until(&events, "the goodbye", |event| match event {
        ServiceEvent::ServiceRemoved(_, gone) if gone == name => Some(()),
        _ => None,
    });
    assert_eq!(server.ended(), 0);
    assert_eq!(server.logged("could not be taken back"), 0);
    daemon.shutdown().unwrap();
}

#[test]
fn dis_13_nobody_is_told_unless_it_is_configured() {
    let server = Server::start();
    server.session();
    assert_eq!(server.logged("multicast DNS"), 0);
}
