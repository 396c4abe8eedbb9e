//! Addresses of the console: where a form leads back to, and how a query is written.
//!
//! Where a form leads back to. Such a path comes from the request, so it is trusted only as far as it stays here:
//! otherwise the sign-in page would send people wherever a link says (an open redirect).

/// Where everything starts.
#[cfg(any(feature = "ssr", test))]
pub(crate) const HOME: &str = "/approvals";

/// `path` if it leads to a page of this console, else the queue.
#[cfg(any(feature = "ssr", test))]
pub(crate) fn local_path(path: &str) -> &str {
    if is_local(path) { path } else { HOME }
}

/// One leading slash, then only what a URL's path and query are written with. `//host` and `/\host` name another
/// host to a browser; a control character could end the header.
#[cfg(any(feature = "ssr", test))]
fn is_local(path: &str) -> bool {
    let bytes = path.as_bytes();
    bytes.len() <= 2_000
        && bytes.first() == Some(&b'/')
        && !matches!(bytes.get(1), Some(b'/' | b'\\'))
        && bytes.iter().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>'))
        && !path.starts_with("/login")
        && !path.starts_with("/api/")
}

/// A value for a URL's query. Written here because server and browser must write the very same address.
pub(crate) fn escape(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    out
}

/// The page of a tool, whatever its name is made of.
#[cfg(feature = "ssr")]
pub fn tool_page(name: &str) -> String {
    format!("/tools/{}", escape(name))
}

/// The page of a standing rule.
#[cfg(feature = "ssr")]
pub(crate) fn rule_page(id: domain::id::RuleId) -> String {
    format!("/approvals/rules/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_not_plain_is_escaped() {
        assert_eq!(escape("-requested_at"), "-requested_at");
        assert_eq!(escape("/a b&c=é"), "%2Fa%20b%26c%3D%C3%A9");
    }

    #[test]
    fn pages_of_the_console_are_kept() {
        for path in ["/approvals", "/approvals/0190?status=executed&sort=-requested_at", "/"] {
            assert_eq!(local_path(path), path);
        }
    }

    #[test]
    fn anything_that_could_leave_leads_home() {
        let evil = [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a\r\nX: y",
            "/\t/evil.example",
            "/a b",
            "/login?next=/login",
            "/api/console/session/sign_out",
            "approvals",
        ];
        for path in evil {
            assert_eq!(local_path(path), HOME, "{path:?}");
        }
    }
}
