//! Secrets by their form in free text. A scanner by hand: it goes once from left to right, and everything it
//! recognises starts and ends at ASCII characters.

use std::cell::Cell;
use std::ops::Range;

use super::MARK;
use crate::argument::{ArgumentClass, Classifier};

/// The longest name that is looked for before `=` or `:`, in bytes.
const LONGEST_NAME: usize = 100;

/// The text with [`MARK`] in the place of every secret.
pub(super) fn mask(text: &str, classifier: &Classifier) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for found in ranges(text, classifier) {
        out.push_str(&text[copied..found.start]);
        out.push_str(MARK);
        copied = found.end;
    }
    out.push_str(&text[copied..]);
    out
}

/// The secrets in the text that are worth looking for elsewhere: those that do not look like ordinary words or
/// addresses, or a sentence in one argument could hide the recipient in another. Of `user:password` in a URL, the
/// password.
pub(super) fn secrets(text: &str, classifier: &Classifier) -> Vec<String> {
    ranges(text, classifier)
        .into_iter()
        .map(|found| {
            let secret = &text[found.clone()];
            let is_userinfo = text[..found.start].ends_with("://");
            let secret = match secret.split_once(':') {
                Some((_, password)) if is_userinfo => password,
                // A name alone is masked where it stands; it is no secret elsewhere.
                None if is_userinfo && secret.len() < 16 => "",
                _ => secret,
            };
            // `Bearer x` after `Authorization:`: the scheme is no part of the secret.
            secret.rsplit_once([' ', '\t']).map_or(secret, |(_, last)| last).to_owned()
        })
        .filter(|secret| secret.len() >= 6 && !secret.contains(MARK) && is_unlike_a_word(secret) && !is_address(secret))
        .collect()
}

fn is_unlike_a_word(text: &str) -> bool {
    let inner_capital = text.chars().skip(1).any(char::is_uppercase) && text.chars().any(char::is_lowercase);
    inner_capital || text.len() >= 16 || text.bytes().any(|byte| !byte.is_ascii_alphabetic())
}

fn is_address(text: &str) -> bool {
    let domain = text.split_once('@').map_or("", |(_, domain)| domain);
    domain.contains('.') && !domain.contains('@')
}

fn ranges(text: &str, classifier: &Classifier) -> Vec<Range<usize>> {
    let scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        classifier,
        has_curl: text.contains("curl"),
        url_end: Cell::new(0),
        last_at: Cell::new(None),
    };
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match scanner.secret_at(at) {
            Some(range) if range.start >= at && range.end > range.start => {
                at = range.end;
                if &text[range.clone()] != MARK {
                    found.push(range);
                }
            }
            _ => at += 1,
        }
    }
    found
}

pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    classifier: &'a Classifier,
    has_curl: bool,
    /// Where the stretch without white space and quotes ends that was looked at last, and the last `@` in it: many
    /// `://` in one stretch do not look through it many times.
    url_end: Cell<usize>,
    last_at: Cell<Option<usize>>,
}

impl Scanner<'_> {
    /// The secret that is announced at `at`; it may start further on.
    fn secret_at(&self, at: usize) -> Option<Range<usize>> {
        let starts_word = at == 0 || !self.bytes[at - 1].is_ascii_alphanumeric();
        match self.bytes[at] {
            b':' if self.starts(at, "://") => self.userinfo(at + 3),
            b':' | b'=' => self.named_value(at),
            b'%' if self.starts(at, "%3D") || self.starts(at, "%3d") => self.encoded_value(at),
            b'>' => self.element(at),
            b'-' if self.starts(at, "-----BEGIN ") => self.private_key(at),
            b'-' if starts_word => self.flag_value(at),
            b'A'..=b'Z' | b'a'..=b'z' if starts_word => self.token(at).or_else(|| self.after_scheme(at)),
            _ => None,
        }
    }

    pub(super) fn starts(&self, at: usize, wanted: &str) -> bool {
        self.bytes[at..].starts_with(wanted.as_bytes())
    }

    pub(super) fn end_of(&self, from: usize, is_part: impl Fn(u8) -> bool) -> usize {
        from + self.bytes[from..].iter().take_while(|byte| is_part(**byte)).count()
    }

    /// `user:password@` of a URL. Who writes `/`, `?` or `#` into a password unencoded has it masked as well.
    fn userinfo(&self, start: usize) -> Option<Range<usize>> {
        if start > self.url_end.get() {
            let end = self.end_of(start, |byte| {
                !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>')
            });
            self.url_end.set(end);
            self.last_at.set(self.bytes[start..end].iter().rposition(|byte| *byte == b'@').map(|at| start + at));
        }
        let last_at = self.last_at.get().filter(|at| *at > start)?;
        let rest = &self.bytes[start..self.url_end.get()];
        let authority = rest.iter().take_while(|byte| !matches!(byte, b'/' | b'?' | b'#' | b'\\')).count();
        if let Some(length) = rest[..authority].iter().rposition(|byte| *byte == b'@') {
            return Some(start..start + length);
        }
        let colon = rest[..authority].iter().position(|byte| *byte == b':')?;
        let is_port = rest[colon + 1..authority].iter().all(u8::is_ascii_digit);
        (!is_port && rest[0] != b'[').then_some(start..last_at)
    }

    /// A private key in PEM (RFC 7468), to its end or to the end of the text.
    fn private_key(&self, start: usize) -> Option<Range<usize>> {
        let rest = &self.text[start..];
        let label_end = rest["-----BEGIN ".len()..].find("-----")? + "-----BEGIN ".len();
        if !rest[..label_end].contains("PRIVATE KEY") {
            return None;
        }
        let end = rest.find("-----END ").map_or(rest.len(), |footer| {
            let label = footer + "-----END ".len();
            rest[label..].find("-----").map_or(rest.len(), |length| label + length + 5)
        });
        Some(start..start + end)
    }

    /// A token that is known by its own look: ours, a JWT, and what well-known services give out.
    fn token(&self, start: usize) -> Option<Range<usize>> {
        let end = self.end_of(start, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        let word = self.text[start..end].trim_end_matches(['.', '-']);
        let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
        let found = is_ours(word)
            || (word.starts_with("eyJ") && word.matches('.').count() >= 2 && word.len() >= 20)
            || (word.len() >= 20 && has_digit && WELL_KNOWN.iter().any(|prefix| word.starts_with(prefix)));
        found.then(|| start..start + word.len())
    }

    /// `Bearer ...` and the like (RFC 9110 §11.4).
    fn after_scheme(&self, start: usize) -> Option<Range<usize>> {
        let end = self.end_of(start, |byte| byte.is_ascii_alphabetic());
        let word = &self.text[start..end];
        // Every word of every text is asked: nothing is copied for it.
        let scheme =
            ["bearer", "basic", "token", "apikey"].into_iter().find(|known| word.eq_ignore_ascii_case(known))?;
        let mut from = self.end_of(end, |byte| matches!(byte, b' ' | b'\t'));
        if self.starts(end, "%20") {
            from = end + 3;
        }
        let to = self.end_of(from, |byte| byte.is_ascii_alphanumeric() || b"._~+/=-".contains(&byte));
        let value = self.text[from..to].trim_end_matches('.');
        let digit = value.bytes().any(|byte| byte.is_ascii_digit());
        let is_secret = match scheme {
            "bearer" => value.len() >= 4 && !AFTER_BEARER.contains(&value.to_ascii_lowercase().as_str()),
            "basic" => value.len() >= 8 && (digit || value.ends_with('=') || has_inner_capital(value)),
            _ => value.len() >= 12 && digit,
        };
        (from > end && is_secret).then(|| from..from + value.len())
    }

    /// The value of `--password value`, and of curl's `-u user:password`.
    fn flag_value(&self, start: usize) -> Option<Range<usize>> {
        // Asked first: a line of dashes must not be looked through from each of them.
        if start > 0 && !matches!(self.bytes[start - 1], b' ' | b'\t' | b'\n' | b'"' | b'\'') {
            return None;
        }
        let end = self.end_of(start, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let from = self.end_of(end, |byte| matches!(byte, b' ' | b'\t'));
        if from == end || from >= self.bytes.len() || self.bytes[from] == b'-' {
            return None;
        }
        let flag = &self.text[start..end];
        if self.is_secret_name(flag) {
            return self.value(from, false);
        }
        if self.has_curl && matches!(flag, "-u" | "--user" | "--proxy-user") {
            return self.value(from, false).filter(|range| self.text[range.clone()].contains(':'));
        }
        None
    }

    /// The value after a secret name and the `=` or `:` at `at`.
    fn named_value(&self, at: usize) -> Option<Range<usize>> {
        let (range, quoted) = self.name_before(at)?;
        let name = &self.text[range.clone()];
        if !self.is_secret_name(name) && !self.is_secret_phrase(range) {
            return None;
        }
        // `:=`, `=>` and `==` announce a value as much as `=` does.
        let after = self.end_of(at, |byte| matches!(byte, b':' | b'=' | b'>'));
        let from = self.end_of(after, |byte| matches!(byte, b' ' | b'\t') || (quoted && matches!(byte, b'\n' | b'\r')));
        let long = self.bytes[at] == b':' && !quoted && takes_the_line(name);
        self.value(from, long)
    }

    /// The value of a parameter of a URL that is itself a parameter.
    fn encoded_value(&self, at: usize) -> Option<Range<usize>> {
        let (name, _) = self.name_before(at)?;
        let range = self.value(at + 3, false).filter(|_| self.is_secret_name(&self.text[name]))?;
        let length = self.text[range.clone()].find("%26").unwrap_or(range.len());
        Some(range.start..range.start + length)
    }

    /// The text of `<password>...</password>`.
    fn element(&self, at: usize) -> Option<Range<usize>> {
        let (name, _) = self.name_before(at)?;
        if !self.text[..name.start].ends_with('<') || !self.is_secret_name(&self.text[name]) {
            return None;
        }
        Some(at + 1..self.end_of(at + 1, |byte| byte != b'<'))
    }

    /// The name that ends before `at`, and whether it is in quotes.
    fn name_before(&self, at: usize) -> Option<(Range<usize>, bool)> {
        let back_over = |end: usize, is_part: &dyn Fn(u8) -> bool| {
            end - self.bytes[..end].iter().rev().take(LONGEST_NAME).take_while(|byte| is_part(**byte)).count()
        };
        let trimmed = back_over(at, &|byte| matches!(byte, b' ' | b'\t'));
        let end = back_over(trimmed, &|byte| matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b']'));
        let mut start = back_over(end, &|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        // `%3Ftoken`: the digits belong to the character before the name.
        let digits = self.bytes.get(start..start + 2).filter(|_| self.bytes[..start].ends_with(b"%"));
        if digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            start += 2;
        }
        (start < end).then_some((start..end, end < trimmed))
    }

    fn is_secret_name(&self, name: &str) -> bool {
        self.classifier.class(&[name]) == ArgumentClass::Secret
    }

    /// `API key: ...`: the word before the name makes it one.
    fn is_secret_phrase(&self, name: Range<usize>) -> bool {
        let Some(before) = self.text[..name.start].strip_suffix(' ') else {
            return false;
        };
        let length = before.bytes().rev().take(LONGEST_NAME).take_while(u8::is_ascii_alphanumeric).count();
        let first = &before[before.len() - length..];
        length > 0 && !self.is_secret_name(first) && self.is_secret_name(&format!("{first}_{}", &self.text[name]))
    }
}

/// `cs_<kind>_<id>_<secret>`.
fn is_ours(word: &str) -> bool {
    let mut parts = word.splitn(4, '_');
    let (start, kind, id, secret) = (parts.next(), parts.next(), parts.next(), parts.next());
    start == Some("cs")
        && kind.is_some_and(|kind| !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase()))
        && id.is_some_and(|id| !id.is_empty())
        && secret.is_some_and(|secret| secret.len() >= 8)
}

/// Names whose value is the rest of the line: headers with several parts, and phrases of several words.
fn takes_the_line(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["authorization", "cookie", "phrase", "mnemonic"].iter().any(|ending| name.ends_with(ending))
}

fn has_inner_capital(text: &str) -> bool {
    text.bytes().skip(1).any(|byte| byte.is_ascii_uppercase()) && text.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// Words that stand after "bearer" in English.
const AFTER_BEARER: &[&str] = &[
    "token",
    "tokens",
    "auth",
    "authentication",
    "authorization",
    "scheme",
    "header",
    "credential",
    "credentials",
    "with",
    "bonds",
];

/// How tokens of well-known services start (GitHub, GitLab, Slack, Stripe, OpenAI, AWS, Google, npm, PyPI,
/// SendGrid, Hugging Face, DigitalOcean).
const WELL_KNOWN: &[&str] = &[
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xoxs-",
    "xapp-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "sk-",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "npm_",
    "pypi-",
    "SG.",
    "hf_",
    "dop_v1_",
];
