//! `outbound_allow`: what the person who runs Countersign lets it reach besides public addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use url::Host;

/// Networks and places that may be private. Empty: nothing private is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboundAllow {
    networks: Vec<IpNet>,
    /// A host, as URLs have it, and a port: reached wherever the name leads.
    places: Vec<(String, u16)>,
}

impl OutboundAllow {
    /// Whether the host and port are allowed by name.
    pub fn names(&self, host: &str, port: u16) -> bool {
        let host = plain(host);
        self.places.iter().any(|(name, at)| *name == host && *at == port)
    }

    /// Whether the address is in one of the networks. An IPv4 address in an IPv6 disguise is what it is in truth.
    pub fn permits(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address) || network.contains(&address.to_canonical()))
    }

    /// Whether there is any network at all.
    pub const fn has_networks(&self) -> bool {
        !self.networks.is_empty()
    }

    /// The entries as they are written in the configuration.
    pub fn entries(&self) -> Vec<String> {
        let networks = self.networks.iter().map(ToString::to_string);
        networks.chain(self.places.iter().map(|(host, port)| format!("{host}:{port}"))).collect()
    }

    fn add(&mut self, entry: &str) -> Result<(), String> {
        if let Ok(network) = entry.parse::<IpNet>() {
            self.networks.push(network.trunc());
        } else if let Ok(address) = entry.parse::<IpAddr>() {
            self.networks.push(address.into());
        } else {
            let wrong =
                || format!("holds {entry:?}, which is neither a network like 10.1.0.0/16 nor a host with its port");
            let (host, port) = entry.rsplit_once(':').ok_or_else(wrong)?;
            let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?;
            let host = Host::parse(host).map_err(|_| wrong())?;
            self.places.push((plain(&host.to_string()), port));
        }
        Ok(())
    }
}

/// A name means the same with and without the dot of the root.
fn plain(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_lowercase()
}

impl FromStr for OutboundAllow {
    type Err = String;

    /// Reads entries with commas between them.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut allow = Self::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            allow.add(entry)?;
        }
        Ok(allow)
    }
}

impl fmt::Display for OutboundAllow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.entries().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_single_addresses_and_hosts_with_their_port_are_entries() {
        let allow: OutboundAllow =
            "10.1.2.3/16, 192.168.1.7,fd00::/8, Tools.Internal:8443, [::1]:9000".parse().expect("good");
        assert_eq!(allow.to_string(), "10.1.0.0/16,192.168.1.7/32,fd00::/8,tools.internal:8443,[::1]:9000");
        assert_eq!(allow.to_string().parse(), Ok(allow.clone()));
        for permitted in ["10.1.255.1", "192.168.1.7", "fd12::1", "::ffff:10.1.0.9"] {
            assert!(allow.permits(permitted.parse().expect("an address")), "{permitted}");
        }
        for refused in ["10.2.0.1", "192.168.1.8", "::1", "fe80::1", "::ffff:10.2.0.1"] {
            assert!(!allow.permits(refused.parse().expect("an address")), "{refused}");
        }
        assert!(
            allow.names("tools.internal", 8443) && allow.names("tools.internal.", 8443) && allow.names("[::1]", 9000)
        );
        assert!(!allow.names("tools.internal", 443) && !allow.names("a.tools.internal", 8443));
    }

    #[test]
    fn what_is_no_entry_is_named() {
        for wrong in ["localhost", "10.0.0.0/33", "host:0", "host:99999", ":80", "http://x:80", "a b:80"] {
            let said = wrong.parse::<OutboundAllow>().expect_err(wrong);
            assert!(said.contains(wrong.trim()), "{said}");
        }
    }
}
