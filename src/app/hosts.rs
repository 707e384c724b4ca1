//! Under which names and addresses clients may reach this server.

use std::net::IpAddr;

use crate::config::ServerConfig;

/// This machine's name; `localhost` if it has none.
pub(super) fn machine() -> String {
    let name = hostname::get().ok().and_then(|it| it.into_string().ok());
    name.filter(|it| !it.is_empty()).unwrap_or_else(|| "localhost".to_owned())
}

/// Names and addresses for endpoint URLs and for the certificate, the usual one first. A server that
/// listens on one address is reached there only; one that listens on all is reached by the machine's
/// name and every address it has.
pub(super) fn find(config: &ServerConfig) -> Vec<String> {
    let mut hosts = config.advertise.clone();
    let address = config.listen.ip();
    if address.is_unspecified() {
        hosts.push(machine());
        hosts.extend(interfaces(address.is_ipv6()));
        hosts.push("localhost".to_owned());
        hosts.push("127.0.0.1".to_owned());
    } else {
        hosts.push(address.to_string());
        if address.is_loopback() {
            hosts.push("localhost".to_owned());
        } else {
            hosts.push(machine());
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    hosts.retain(|it| seen.insert(it.to_lowercase()));
    hosts
}

fn interfaces(also_v6: bool) -> Vec<String> {
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    let usable = |it: &IpAddr| match it {
        IpAddr::V4(it) => !it.is_loopback() && !it.is_link_local(),
        IpAddr::V6(it) => also_v6 && !it.is_loopback() && !it.is_unicast_link_local(),
    };
    all.iter().map(if_addrs::Interface::ip).filter(usable).map(|it| it.to_string()).collect()
}
