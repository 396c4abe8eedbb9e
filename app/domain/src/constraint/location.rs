//! A URL that says where it goes. Whatever two readers could read differently is no such URL: what the URL standard
//! (<https://url.spec.whatwg.org/>) would repair, drop or rewrite, user information, addresses instead of names.

use url::{Host, Url};

use super::read::is_host;

/// Whether the text is a URL at one of `hosts`, by one of `schemes` (both in lower case), or by `https` where none is
/// named. A host without a port is at the scheme's own.
pub(super) fn is_at(text: &str, hosts: &[String], schemes: &[String]) -> bool {
    parse(text).is_some_and(|url| {
        let host = url.host_str().unwrap_or_default();
        let at = |pattern: &String| match pattern.split_once(':') {
            None => url.port().is_none() && host_is(pattern, host),
            Some((name, listed)) => host_is(name, host) && is_port(&url, listed),
        };
        let by = if schemes.is_empty() { url.scheme() == "https" } else { is_by(&url, schemes) };
        by && hosts.iter().any(at)
    })
}

/// The host of a plain URL, with its port if it has one of its own, and the scheme.
pub(super) fn place(text: &str) -> Option<(String, String)> {
    let url = parse(text).filter(|url| ["https", "http", "wss", "ws"].contains(&url.scheme()))?;
    let host = url.host_str()?;
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Some((host, url.scheme().to_owned()))
}

pub(super) fn is_port(url: &Url, listed: &str) -> bool {
    url.port_or_known_default().is_some_and(|port| port.to_string() == listed)
}

pub(super) fn is_by(url: &Url, schemes: &[String]) -> bool {
    schemes.iter().any(|scheme| scheme == url.scheme())
}

/// Whether `host` is what `pattern` names: itself, or with `*.` in front what is below it. Both in lower case.
pub(super) fn host_is(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(parent) => host.strip_suffix(parent).is_some_and(|below| below.len() > 1 && below.ends_with('.')),
        None => pattern == host,
    }
}

fn parse(text: &str) -> Option<Url> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>`{}|^".contains(&byte));
    let url = Url::parse(text).ok().filter(|_| plain)?;
    let named = matches!(url.host(), Some(Host::Domain(host)) if is_host(host));
    let anonymous = url.username().is_empty() && url.password().is_none() && !text.contains('@');
    (named && anonymous && !has_hidden_dots(url.path()) && is_written_as(text, &url)).then_some(url)
}

/// Whether the standard reads the text as it stands, the case of scheme and host and a missing first `/` aside.
fn is_written_as(text: &str, url: &Url) -> bool {
    let read = url.as_str();
    let path_at = read.len() - url[url::Position::BeforePath..].len();
    let (read_head, read_tail) = read.split_at(path_at);
    let Some((head, tail)) = text.split_at_checked(path_at) else { return false };
    head.eq_ignore_ascii_case(read_head)
        && (tail == read_tail || read_tail.strip_prefix('/').is_some_and(|rest| rest == tail && !tail.starts_with('/')))
}

/// Dots and slashes in percent form: what comes after may read them as steps.
fn has_hidden_dots(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    ["%2e", "%2f", "%5c", "%25", "%00"].iter().any(|trick| path.contains(trick))
}
