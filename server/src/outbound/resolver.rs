//! Names looked up and judged in one step: the connection is made to the addresses that this answers, so there is no
//! second look-up whose answer could be another.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use engine::outbound::{OutboundAllow, Reach};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

pub(super) struct Resolver {
    reach: Reach,
    allow: Arc<OutboundAllow>,
}

/// Why a name is not connected to. It names no address: who asked may be outside, and the network is not theirs to map.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("its name leads to an address that {0}")]
    Address(String),
    #[error("its name leads nowhere")]
    NoAddress,
    #[error("its name was not found ({0})")]
    NotFound(io::ErrorKind),
}

impl Resolver {
    pub(super) fn new(reach: Reach, allow: OutboundAllow) -> Arc<Self> {
        Arc::new(Self { reach, allow: Arc::new(allow) })
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, allow) = (self.reach, self.allow.clone());
        Box::pin(async move {
            // The port is the URL's; the connector puts it in.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found = found.map_err(|error| Refused::NotFound(error.kind()))?;
            let addresses = judged(found, reach, &allow)?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// All of the addresses, if each of them may be connected to: a name that leads inside as well as outside is refused,
/// not used where it is harmless.
fn judged(
    found: impl Iterator<Item = SocketAddr>,
    reach: Reach,
    allow: &OutboundAllow,
) -> Result<Vec<SocketAddr>, Refused> {
    let addresses: Vec<SocketAddr> = found.collect();
    for address in &addresses {
        reach.permits(address.ip(), allow).map_err(Refused::Address)?;
    }
    if addresses.is_empty() { Err(Refused::NoAddress) } else { Ok(addresses) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(addresses: &[&str], reach: Reach, allow: &str) -> Result<usize, String> {
        let found = addresses.iter().map(|ip| SocketAddr::new(ip.parse().expect("an address"), 0));
        let allow = allow.parse().expect("entries");
        judged(found, reach, &allow).map(|kept| kept.len()).map_err(|refused| refused.to_string())
    }

    #[test]
    fn one_address_inside_refuses_the_whole_name() {
        assert_eq!(judge(&["1.1.1.1", "2606:4700::1111"], Reach::Public, ""), Ok(2));
        for inside in ["127.0.0.1", "::1", "169.254.169.254", "10.0.0.1", "::ffff:10.0.0.1", "fd00::1", "0.0.0.0"] {
            for addresses in [vec![inside], vec!["1.1.1.1", inside], vec![inside, "1.1.1.1"]] {
                let said = judge(&addresses, Reach::Public, "").expect_err(inside);
                assert!(said.contains("is not public") && !said.contains(inside), "{said}");
            }
        }
        assert_eq!(judge(&[], Reach::Public, "").expect_err("nothing"), "its name leads nowhere");
    }

    #[test]
    fn what_is_allowed_may_stand_beside_what_is_public() {
        assert_eq!(judge(&["10.1.0.1", "1.1.1.1"], Reach::Public, "10.1.0.0/16"), Ok(2));
        assert!(judge(&["10.1.0.1", "10.2.0.1"], Reach::Public, "10.1.0.0/16").is_err());
        assert!(judge(&["10.1.0.1", "1.1.1.1"], Reach::Allowed, "10.1.0.0/16").is_err(), "not encrypted");
        assert_eq!(judge(&["10.1.0.1", "127.0.0.1"], Reach::Named, ""), Ok(2));
    }
}
