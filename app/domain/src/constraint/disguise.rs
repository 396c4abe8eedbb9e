//! The same address, URL or path in another guise. A rule that stops calls must not be got around by writing a value in
//! another way, so here a text counts when *some* program could find the value in it; a rule that lets pass asks that
//! *every* program does, and never comes here.

use url::Url;

use super::location::{host_is, is_by, is_port};
use crate::text_safety;

/// Whether some program could find one of the addresses, or one at a domain, in the text: in a list, behind a display
/// name, in other letters.
pub(super) fn mentions(text: &str, domains: &[String], addresses: &[String]) -> bool {
    let text: String = text.chars().filter(|character| !text_safety::is_invisible(*character)).collect();
    let text = text.to_ascii_lowercase();
    let addresses: Vec<String> = addresses.iter().map(|address| address.to_ascii_lowercase()).collect();
    text.match_indices('@').any(|(at, _)| {
        let (before, after) = (text[..at].trim_end(), text[at + 1..].trim_start());
        let end = after.find(|next: char| !next.is_ascii_alphanumeric() && next != '-' && next != '.');
        let domain = after[..end.unwrap_or(after.len())].trim_matches('.');
        let is_there = |address: &String| {
            let rest = address.strip_suffix(domain).and_then(|address| address.strip_suffix('@'));
            rest.and_then(|local| before.strip_suffix(local)).is_some_and(ends_word)
        };
        let known = || domains.iter().any(|pattern| host_is(pattern, domain)) || addresses.iter().any(is_there);
        !domain.is_empty() && known()
    })
}

/// Whether what follows is the whole of what stands before an `@`: not `ana` of `diana@`.
fn ends_word(ahead: &str) -> bool {
    !ahead.ends_with(|last: char| last.is_ascii_alphanumeric() || matches!(last, '.' | '+' | '_' | '-'))
}

/// Whether some program could find a URL in the text that leads to one of the hosts: among others, with user
/// information, without a scheme, in whatever the URL standard repairs.
pub(super) fn may_lead_to(text: &str, hosts: &[String], schemes: &[String]) -> bool {
    // Tabs and line breaks are dropped by the standard, and end a URL for others.
    let pieces = text.split(|next: char| next.is_whitespace() || ",;<>\"'()".contains(next));
    std::iter::once(text).chain(pieces).filter(|piece| !piece.is_empty()).any(|piece| {
        let named = Url::parse(piece).ok().filter(Url::has_host);
        let scheme_is_said = named.is_some();
        let guess = || format!("https://{}", piece.trim_start_matches(['/', '\\']));
        named.or_else(|| Url::parse(&guess()).ok().filter(|_| piece.contains('.'))).is_some_and(|url| {
            let host = url.host_str().unwrap_or_default().trim_end_matches('.');
            let at = |pattern: &String| match pattern.split_once(':') {
                None => host_is(pattern, host),
                Some((name, listed)) => host_is(name, host) && is_port(&url, listed),
            };
            (!scheme_is_said || schemes.is_empty() || is_by(&url, schemes)) && hosts.iter().any(at)
        })
    })
}

/// Whether some program could take the path for one at or below the folder.
pub(super) fn may_be_below(path: &str, folder: &str) -> bool {
    let text: String =
        decoded(&decoded(path)).chars().filter(|character| !text_safety::is_invisible(*character)).collect();
    let text = text.trim().replace('\\', "/");
    let text = text.strip_prefix("file://").unwrap_or(&text);
    // Where a home folder or a variable leads, nobody knows.
    if text.starts_with(['~', '$']) {
        return true;
    }
    let mut steps: Vec<&str> = Vec::new();
    for part in text.split('/').map(|part| part.trim_end_matches(' ')) {
        match part {
            "" | "." => {}
            // Further up than a relative path says where it starts.
            ".." if steps.pop().is_none() && !text.starts_with('/') => return true,
            ".." => {}
            part => steps.push(part),
        }
    }
    let folder_steps: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    text.starts_with('/') == folder.starts_with('/')
        && steps.len() >= folder_steps.len()
        && steps.iter().zip(folder_steps).all(|(step, own)| step.eq_ignore_ascii_case(own))
}

/// With percent escapes read once.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
