//! Reads what `server.toml` says of discovery and reverse connect.

use crate::config::discovery::{DiscoveryConfig, ReverseConnect, TargetUrl};
use crate::config::section::Section;

const URL: &str = "a URL such as opc.tcp://host:4840";

/// The table `[discovery]`.
pub(super) fn discovery(s: &Section<'_>) -> DiscoveryConfig {
    let usual = DiscoveryConfig::default();
    let every = u64::from(usual.register_every_s);
    DiscoveryConfig {
        register: s
            .has("register")
            .then(|| s.parsed("register", URL, None, TargetUrl::parse))
            .flatten(),
        register_every_s: s.count("register_every_s", 1..=600, Some(every)) as u32,
        mdns: s.flag("mdns", Some(usual.mdns)),
    }
}

/// Every table `[[reverse_connect]]`.
pub(super) fn reverse_connect(file: &Section<'_>) -> Vec<ReverseConnect> {
    let mut seen: Vec<TargetUrl> = Vec::new();
    let found = file.tables("reverse_connect", 0, |s| {
        let url = s.parsed("url", URL, None, TargetUrl::parse);
        let connections = s.count("connections", 1..=100, Some(4)) as usize;
        let retry_s = s.pair("retry_s", &(0.05..=3600.0), Some((1.0, 60.0)));
        let url = url?;
        if seen.contains(&url) {
            s.mistake("url", format!("{} is there already", url.url()), "each client once");
        }
        seen.push(url.clone());
        Some(ReverseConnect { url, connections, retry_s })
    });
    if found.len() > ReverseConnect::MOST {
        let what = format!("{} clients", found.len());
        file.mistake("reverse_connect", what, format!("up to {}", ReverseConnect::MOST));
    }
    found.into_iter().flatten().collect()
}
