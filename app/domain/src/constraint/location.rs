//! A URL that says where it goes. Whatever two readers could read differently is no such URL: what the URL standard
//! (<https://url.spec.whatwg.org/>) would repair, drop or rewrite, user information, addresses instead of names.

use url::{Host, Url};

use super::address::host_is;
use super::read::is_host;

/// Whether the text is a URL at one of `hosts`, by one of `schemes` (both in lower case).
pub(super) fn is_at(text: &str, hosts: &[String], schemes: &[String]) -> bool {
    parse(text).is_some_and(|url| {
        let host = url.host_str().unwrap_or_default();
        let at = |pattern: &String| match (pattern.split_once(':'), url.port()) {
            (None, None) => host_is(pattern, host),
            (Some((name, listed)), Some(port)) => host_is(name, host) && listed == port.to_string(),
            _ => false,
        };
        schemes.iter().any(|scheme| scheme == url.scheme()) && hosts.iter().any(at)
    })
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
