//! A URL that Countersign may send to.

use std::net::IpAddr;

use url::{Host, Url};

use super::{OutboundAllow, not_public};

/// The longest URL, in bytes.
const LONGEST: usize = 2_000;

/// A URL whose form is right: http or https, a host, nobody's name or password, no fragment. Its host as the URL
/// standard reads it: `2130706433` and `0x7f.1` are the address 127.0.0.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(Url);

/// Which addresses a target may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Host and port are allowed by name: wherever the name leads.
    Named,
    /// Public addresses, and networks that are allowed.
    Public,
    /// Networks that are allowed: what is not encrypted stays at home.
    Allowed,
}

impl Reach {
    /// Whether the address may be connected to.
    ///
    /// # Errors
    /// What kind of address it is, in words that name no address.
    pub fn permits(self, address: IpAddr, allow: &OutboundAllow) -> Result<(), String> {
        if self == Self::Named || allow.permits(address) {
            return Ok(());
        }
        match (not_public(address), self) {
            (None, Self::Public) => Ok(()),
            (None, _) => Err("is public, and http:// is for addresses in outbound_allow alone".to_owned()),
            (Some(kind), _) => Err(format!("is not public ({kind}) and not in outbound_allow")),
        }
    }
}

impl Target {
    /// Reads a URL and judges all that can be judged before a name is looked up.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence that begins with its name.
    pub fn parse(text: &str, allow: &OutboundAllow) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("has {} bytes; at most {LONGEST} are taken", text.len()));
        }
        // The URL standard passes over them, so that two readers could read two URLs.
        if text.chars().any(|character| character.is_control() || character.is_whitespace() || character == '\\') {
            return Err("holds a blank, a control character or a backslash".to_owned());
        }
        let url = Url::parse(text).map_err(|error| format!("is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("must begin with https:// (or http://, where outbound_allow says so)".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must hold no user name and no password".to_owned());
        }
        if url.fragment().is_some() {
            return Err("must hold no fragment (#)".to_owned());
        }
        let target = Self(url);
        let reach = target.reach(allow);
        match target.address() {
            Some(address) => {
                reach.permits(address, allow).map_err(|kind| format!("leads to an address that {kind}"))?
            }
            None if reach == Reach::Allowed && !allow.has_networks() => {
                return Err("must begin with https://: http:// is for places in outbound_allow alone".to_owned());
            }
            None => {}
        }
        Ok(target)
    }

    /// Which addresses it may lead to.
    pub fn reach(&self, allow: &OutboundAllow) -> Reach {
        let host = self.0.host_str().unwrap_or_default();
        if allow.names(host, self.port()) {
            Reach::Named
        } else if self.0.scheme() == "https" {
            Reach::Public
        } else {
            Reach::Allowed
        }
    }

    /// The address, if the host is one and no name.
    pub fn address(&self) -> Option<IpAddr> {
        match self.0.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) | None => None,
        }
    }

    /// Host and port, for people: no path and no query, which may hold a secret.
    pub fn place(&self) -> String {
        format!("{}:{}", self.0.host_str().unwrap_or_default(), self.port())
    }

    fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// The whole URL as the standard writes it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, allow: &str) -> Result<Target, String> {
        Target::parse(text, &allow.parse().expect("entries"))
    }

    #[test]
    fn an_address_is_refused_in_every_notation() {
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "017700000001",
            "127.1",
            "127.0.0.1.",
            "0",
            "0.0.0.0",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:0:0:1]",
            "[::127.0.0.1]",
            "169.254.169.254",
            "0xa9fea9fe",
            "[::ffff:169.254.169.254]",
            "[64:ff9b::169.254.169.254]",
            "[2002:a9fe:a9fe::]",
            "[fe80::1]",
            "[fd00::1]",
            "10.0.0.1",
            "１２７.０.０.１",
            "127。0。0。1",
            "%31%32%37.0.0.1",
            "100.64.0.1",
            "192.168.0.1",
        ] {
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{host}/run");
                let said = parse(&url, "").expect_err(&url);
                assert!(said.contains("is not public"), "{url}: {said}");
                assert!(parse(&format!("{scheme}://{host}:8443/run"), "").is_err(), "{url} with a port");
            }
        }
    }

    #[test]
    fn what_is_allowed_is_reached_and_nothing_beside_it() {
        assert!(parse("http://127.0.0.1:9000/run", "127.0.0.1:9000").is_ok());
        assert!(parse("http://2130706433:9000/run", "127.0.0.1:9000").is_ok());
        assert!(parse("http://127.0.0.1:9001/run", "127.0.0.1:9000").is_err());
        assert!(parse("http://10.1.2.3/run", "10.1.0.0/16").is_ok());
        assert!(parse("https://10.2.2.3/run", "10.1.0.0/16").is_err());
        assert!(parse("http://[::ffff:10.1.2.3]/run", "10.1.0.0/16").is_ok());
        assert!(parse("http://localhost:9000/run", "localhost:9000").is_ok());
    }

    #[test]
    fn what_is_not_encrypted_goes_to_allowed_places_alone() {
        assert!(parse("http://tools.example.com/run", "").expect_err("not allowed").contains("https://"));
        assert!(parse("http://8.8.8.8/run", "10.0.0.0/8").expect_err("public").contains("http://"));
        let allow: OutboundAllow = "10.0.0.0/8".parse().expect("an entry");
        let named = parse("http://tools.internal/run", "10.0.0.0/8").expect("its address is seen to later");
        assert_eq!(named.reach(&allow), Reach::Allowed);
        assert!(Reach::Allowed.permits([10, 0, 0, 1].into(), &allow).is_ok());
        assert!(Reach::Allowed.permits([8, 8, 8, 8].into(), &allow).is_err());
        assert!(Reach::Public.permits([8, 8, 8, 8].into(), &allow).is_ok());
        assert!(Reach::Public.permits([127, 0, 0, 1].into(), &allow).is_err());
        assert!(Reach::Named.permits([127, 0, 0, 1].into(), &allow).is_ok());
    }

    #[test]
    fn only_the_plain_form_of_a_url_is_taken() {
        for (url, why) in [
            ("ftp://tools.example.com/", "https://"),
            ("file:///etc/passwd", "https://"),
            ("tools.example.com/run", "not a URL"),
            ("https://", "not a URL"),
            ("https://ana:secret@tools.example.com/", "no user name"),
            ("https://ana@tools.example.com/", "no user name"),
            ("https://tools.example.com/run#part", "fragment"),
            ("https://tools.example.com\\@evil.example/", "backslash"),
            ("https://tools.example.com/a b", "blank"),
            ("https://tools\t.example.com/", "blank"),
            ("https://[fe80::1%25eth0]/", "not a URL"),
        ] {
            let said = parse(url, "").expect_err(url);
            assert!(said.contains(why), "{url}: {said}");
        }
        let long = format!("https://tools.example.com/{}", "a".repeat(2_000));
        assert!(parse(&long, "").expect_err("too long").contains("at most 2000"));
        let good = parse("https://Tools.Example.com/run?v=1", "").expect("good");
        assert_eq!(
            (good.as_str(), good.place().as_str()),
            ("https://tools.example.com/run?v=1", "tools.example.com:443")
        );
    }
}
