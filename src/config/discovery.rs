//! How clients find the server, and whom it calls by itself.

use std::time::Duration;

/// Reverse-connect clients at most: each keeps a connection waiting.
const REVERSE_CLIENTS: usize = 32;

/// Where the server makes itself known (Part 12). All of it is off unless configured.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscoveryConfig {
    /// The local discovery server to register with.
    pub register: Option<TargetUrl>,
    /// Between two registrations, s. A discovery server forgets who is silent for ten minutes.
    pub register_every_s: u32,
    /// Announce the server as `_opcua-tcp._tcp` on the local network.
    pub mdns: bool,
}

impl Default for DiscoveryConfig {
    fn default() -> Self {
        Self { register: None, register_every_s: 300, mdns: false }
    }
}

/// A client that listens, and to which the server connects (Part 6, 7.1.2.6).
#[derive(Clone, Debug, PartialEq)]
pub struct ReverseConnect {
    /// Where it listens.
    pub url: TargetUrl,
    /// Connections in use at a time; beyond that no other one is offered.
    pub connections: usize,
    /// Pause after the first and at most after a later refusal in a row, s.
    pub retry_s: (f64, f64),
}

impl ReverseConnect {
    /// Clients that may be configured.
    pub const MOST: usize = REVERSE_CLIENTS;

    /// The pause before dialling again after so many failures in a row: it doubles up to its bound.
    /// `chance` from 0 to 1 takes up to half of it away, so that servers do not dial in step.
    pub fn pause(&self, failures: u32, chance: f64) -> Duration {
        let (first, longest) = self.retry_s;
        let doubled = first * f64::from(1_u32 << failures.min(20));
        Duration::from_secs_f64(doubled.min(longest) * (1.0 - chance.clamp(0.0, 1.0) / 2.0))
    }
}

/// An `opc.tcp` URL that we connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetUrl {
    url: String,
    host: String,
    port: u16,
}

impl TargetUrl {
    /// Of the form `opc.tcp://host:port/path`; the port is 4840 if there is none.
    pub fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("opc.tcp://")?;
        let authority = rest.split(['/', '?']).next()?;
        let (host, port) = match authority.strip_prefix('[') {
            Some(v6) => {
                let (host, rest) = v6.split_once(']')?;
                host.parse::<std::net::Ipv6Addr>().ok()?;
                (host, rest.strip_prefix(':').or_else(|| rest.is_empty().then_some("4840"))?)
            }
            None => authority.split_once(':').unwrap_or((authority, "4840")),
        };
        let fits = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | '_' | ':');
        let is_host = !host.is_empty() && host.len() <= 253 && host.chars().all(fits);
        let port = port.parse().ok().filter(|it| *it != 0)?;
        is_host.then(|| Self { url: url.to_owned(), host: host.to_owned(), port })
    }

    /// The same host at another port.
    #[must_use]
    pub fn with_port(&self, port: u16) -> Self {
        Self { port, ..self.clone() }
    }

    /// As written.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Host name or address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str) -> Option<(String, u16)> {
        TargetUrl::parse(url).map(|it| (it.host, it.port))
    }

    #[test]
    fn a_url_has_a_host_and_the_usual_port() {
        assert_eq!(place("opc.tcp://lds"), Some(("lds".to_owned(), 4840)));
        assert_eq!(place("opc.tcp://lds:4841/x"), Some(("lds".to_owned(), 4841)));
        assert_eq!(place("opc.tcp://[::1]:4841"), Some(("::1".to_owned(), 4841)));
        for wrong in
            ["http://lds", "opc.tcp://", "opc.tcp://lds:0", "opc.tcp://lds:x", "opc.tcp://[x]"]
        {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn tcp_18_the_pause_doubles_up_to_its_bound() {
        let url = TargetUrl::parse("opc.tcp://client:4845").unwrap();
        let target = ReverseConnect { url, connections: 1, retry_s: (1.0, 60.0) };
        let full: Vec<f64> = (0..8).map(|it| target.pause(it, 0.0).as_secs_f64()).collect();
        assert_eq!(full, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]);
        assert_eq!(target.pause(u32::MAX, 1.0), Duration::from_secs(30));
    }
}
