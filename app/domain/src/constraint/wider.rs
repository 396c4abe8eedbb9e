//! The next wider constraint that a value's own form offers: an address its domain, a URL its host, a path its folder.

use super::{Compiled, Constraint, Quantifier, address, location, stored_constraint};
use crate::json::Json;

/// How many domains of a list of addresses are offered.
const MOST_DOMAINS: usize = 5;

impl Constraint {
    /// What takes this value and others like it. `None`: its form offers nothing.
    pub fn around(value: &Json) -> Option<Self> {
        let wider = match value {
            Json::Array(items) => Self::domains_of(items)?,
            value => {
                let text = value.as_str()?;
                Self::domains_of(std::slice::from_ref(value)).or_else(|| host_of(text)).or_else(|| folder_of(text))?
            }
        };
        // Only what may be written, and takes the value.
        let written = stored_constraint(&wider.to_json()) == wider;
        let takes = Compiled::new(&wider).ok()?.judge(&[Some(value)], Quantifier::Each).is_ok();
        (written && takes).then_some(wider)
    }

    fn domains_of(addresses: &[Json]) -> Option<Self> {
        let mut domains: Vec<String> = Vec::new();
        for address in addresses {
            let (_, domain) = address::parse(address.as_str()?)?;
            if !domains.contains(&domain) {
                domains.push(domain);
            }
        }
        (1..=MOST_DOMAINS).contains(&domains.len()).then(|| Self::Email { domains, addresses: Vec::new() })
    }
}

fn host_of(text: &str) -> Option<Constraint> {
    let (host, scheme) = location::place(text)?;
    Some(Constraint::Url { hosts: vec![host], schemes: vec![scheme] })
}

fn folder_of(text: &str) -> Option<Constraint> {
    let (folder, _) = text.rsplit_once('/')?;
    let named = folder.trim_matches('/') == folder.strip_prefix('/').unwrap_or(folder) && !folder.is_empty();
    named.then(|| Constraint::Path { under: folder.to_owned() })
}
