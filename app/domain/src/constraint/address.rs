//! One plain e-mail address and nothing around it: the dot-atom form of RFC 5322 §3.2.3 in ASCII, at a host name.
//! Lists, display names, quotes, comments and white space are no plain address.

use super::read::is_host;

/// The address taken apart, if the text is one: what stands before the `@` as it is written, the domain in lower case.
pub(super) fn parse(text: &str) -> Option<(&str, String)> {
    let (local, domain) = text.split_once('@')?;
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atom_text);
    (text.len() <= 254 && local.len() <= 64 && local.split('.').all(is_atom) && is_host(domain))
        .then(|| (local, domain.to_ascii_lowercase()))
}

const fn is_atom_text(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~')
}
