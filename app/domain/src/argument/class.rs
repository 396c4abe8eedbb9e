//! The class of an argument by the whole words inside its name: `access_token`, `smtpPassword`, `X-Api-Key` and
//! `AUTHORIZATION` are secrets, `tokenizer`, `passwordless` and `max_tokens` are not.
//!
//! A name is taken for a secret when in doubt, with two exceptions that people must be able to see: what merely
//! *describes* a secret (`token_count`, `password_policy`, `secret_name`, `token_url`), and numbers of language
//! models' tokens (`tokens`, `max_token`, `price_per_token`). A tool's configuration has the last word.

use serde::{Deserialize, Serialize};

use crate::json::Json;
use crate::text_safety;
use crate::tool::Tool;

/// What an argument is to the person who decides (domain contract §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArgumentClass {
    /// Shown to nobody.
    Secret,
    /// Decides what the call does: to whom, where, how much.
    Critical,
    /// The rest.
    Plain,
}

impl ArgumentClass {
    /// The word on the wire and in style sheets.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Critical => "critical",
            Self::Plain => "plain",
        }
    }
}

/// What a tool's configuration says about its arguments' names. An entry is a name, or the end of a dotted path
/// (`config.seed`); case and word separators do not count. `secret` wins over `sensitive`, and both win over the
/// usual words: listing `page_token` as sensitive makes it visible.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassOverrides {
    /// Critical for this tool.
    pub sensitive: Vec<String>,
    /// Secret for this tool.
    pub secret: Vec<String>,
}

impl From<&Tool> for ClassOverrides {
    fn from(tool: &Tool) -> Self {
        Self { sensitive: tool.sensitive_args.clone(), secret: tool.secret_args.clone() }
    }
}

/// The class of an argument by its name.
pub fn classify(name: &str, overrides: &ClassOverrides) -> ArgumentClass {
    Classifier::new(overrides).class(&[name])
}

/// Overrides, with their entries split into words once.
pub(crate) struct Classifier {
    secret: Vec<Vec<String>>,
    sensitive: Vec<Vec<String>>,
}

impl Classifier {
    pub(crate) fn new(overrides: &ClassOverrides) -> Self {
        let split = |entries: &[String]| entries.iter().map(|entry| words(entry)).collect();
        Self { secret: split(&overrides.secret), sensitive: split(&overrides.sensitive) }
    }

    /// The class of the last name of `trail`, which holds the names from the outermost member inwards.
    pub(crate) fn class(&self, trail: &[&str]) -> ArgumentClass {
        let Some(name) = trail.last() else {
            return ArgumentClass::Plain;
        };
        if names(&self.secret, trail) {
            return ArgumentClass::Secret;
        }
        if names(&self.sensitive, trail) {
            return ArgumentClass::Critical;
        }
        let words = words(name);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if is_secret(&words) {
            ArgumentClass::Secret
        } else if is_critical(&words) {
            ArgumentClass::Critical
        } else {
            ArgumentClass::Plain
        }
    }
}

impl Classifier {
    /// Whether the last name of `trail` decides what the call does. What stands below a name that does, does too, but for
    /// free text: the body of an `email`. `above`: whether the value that the name stands in decides it.
    pub(crate) fn is_critical_below(&self, above: bool, trail: &[&str]) -> bool {
        self.class(trail) == ArgumentClass::Critical || (above && trail.last().is_some_and(|name| !is_free_text(name)))
    }

    /// [`Classifier::is_critical_below`] for a whole way from the outermost name.
    pub(crate) fn is_critical_along(&self, names: &[&str]) -> bool {
        (1..=names.len()).fold(false, |above, length| self.is_critical_below(above, &names[..length]))
    }

    /// Whether something inside the value decides what the call does. `names`: those of the way to it.
    #[cfg(feature = "matcher")]
    pub(crate) fn holds_critical<'a>(&self, value: &'a Json, names: &mut Vec<&'a str>) -> bool {
        match value {
            Json::Object(members) => {
                self.pairs_as(members, ArgumentClass::Critical)
                    || members.iter().any(|(name, value)| {
                        names.push(name);
                        let critical = self.is_critical_below(false, names) || self.holds_critical(value, names);
                        names.pop();
                        critical
                    })
            }
            Json::Array(items) => items.iter().any(|item| self.holds_critical(item, names)),
            _ => false,
        }
    }

    /// Whether the members are a pair like `{"name": "Bcc", "value": "..."}`, whose name gives its value this class.
    pub(crate) fn pairs_as(&self, members: &[(String, Json)], class: ArgumentClass) -> bool {
        members.iter().any(|(key, _)| is_value_of_pair(key))
            && members.iter().any(|(key, value)| {
                PAIR_NAMES.iter().any(|word| key.eq_ignore_ascii_case(word))
                    && value.as_str().is_some_and(|name| self.class(&[name]) == class)
            })
    }
}

/// The member of a pair that is named by another one.
const PAIR_NAMES: &[&str] = &["name", "key", "header", "field", "parameter", "variable"];

/// Whether a member of a pair holds its value.
pub(crate) fn is_value_of_pair(key: &str) -> bool {
    ["value", "values", "val"].iter().any(|word| key.eq_ignore_ascii_case(word))
}

/// Whether a name is that of a line which an interpreter reads.
pub(crate) fn is_command(name: &str) -> bool {
    words(name)
        .iter()
        .any(|word| matches!(word.as_str(), "command" | "commands" | "cmd" | "script" | "shell" | "exec" | "sql"))
}

/// The last word of names under which people write freely.
const FREE_TEXT: &[&str] = &[
    "subject",
    "body",
    "message",
    "text",
    "description",
    "comment",
    "comments",
    "note",
    "notes",
    "content",
    "contents",
    "title",
    "summary",
    "reason",
    "prompt",
    "caption",
    "html",
    "markdown",
    "details",
    "instructions",
];

/// Whether a name is that of free text.
pub(crate) fn is_free_text(name: &str) -> bool {
    words(name).last().is_some_and(|last| FREE_TEXT.contains(&last.as_str()))
}

/// Whether an entry is the last name of the trail, or its last names.
fn names(entries: &[Vec<String>], trail: &[&str]) -> bool {
    let mut ending: Vec<String> = Vec::new();
    !entries.is_empty()
        && trail.iter().rev().any(|name| {
            ending.splice(0..0, words(name));
            entries.contains(&ending)
        })
}

/// The words of a name in lower case: split at everything that is neither letter nor digit, at `camelCase` humps,
/// before the last capital of a run (`SMTPPassword`), and between letters and digits. Invisible characters do not
/// split: they are how a name would be made to look like one word and be two.
pub(crate) fn words(name: &str) -> Vec<String> {
    let characters: Vec<char> = name.chars().filter(|character| !text_safety::is_invisible(*character)).collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (at, &character) in characters.iter().enumerate() {
        let previous = at.checked_sub(1).map(|before| characters[before]);
        let next_is_lower = characters.get(at + 1).is_some_and(|next| next.is_lowercase());
        let starts_word = previous.is_some_and(|previous| {
            character.is_uppercase() && (previous.is_lowercase() || (previous.is_uppercase() && next_is_lower))
                || character.is_numeric() != previous.is_numeric()
        });
        if (starts_word || !character.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Secret wherever they stand in a name.
const SECRET: &[&str] = &[
    "password",
    "passwords",
    "passwd",
    "passwort",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "secrets",
    "token",
    "apikey",
    "apikeys",
    "authorization",
    "credential",
    "credentials",
    "creds",
    "cookie",
    "cookies",
    "jwt",
    "bearer",
    "otp",
    "totp",
    "cvv",
    "cvc",
    "mnemonic",
    "passkey",
];
/// Secret when the name ends in one, or is one.
const SECRET_LAST: &[&str] = &["pass", "auth"];
/// Secret when a word ends in one: `PGPASSWORD`, `accesstoken`.
const SECRET_ENDING: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "secretkey",
    "privatekey",
    "accesskey",
    "accesstoken",
    "authtoken",
    "refreshtoken",
    "sessiontoken",
    "clientsecret",
    "credentials",
];
/// Secret when they stand together.
const SECRET_PAIR: &[(&str, &[&str])] = &[
    (
        "key",
        &[
            "api",
            "access",
            "private",
            "signing",
            "encryption",
            "ssh",
            "master",
            "account",
            "shared",
            "session",
            "service",
            "deploy",
            "license",
            "auth",
            "client",
            "tls",
            "ssl",
            "hmac",
            "rsa",
        ],
    ),
    ("keys", &["api", "access", "private", "signing", "encryption", "ssh"]),
    ("tokens", &["access", "auth", "api", "refresh", "bearer", "session"]),
    ("code", &["security", "verification", "recovery", "mfa", "auth", "otp", "pin"]),
    ("codes", &["recovery", "backup"]),
    ("phrase", &["seed", "recovery", "pass"]),
    ("string", &["connection"]),
    ("header", &["auth"]),
];
/// A name that ends in one of these describes the secret it names.
const DESCRIBES_SECRET: &[&str] = &[
    "name", "names", "count", "counts", "limit", "limits", "type", "types", "length", "size", "policy", "budget",
    "usage", "expiry", "expires", "ttl", "at", "in", "enabled", "required", "version", "format", "status", "index",
    "position", "url", "uri", "endpoint", "address", "amount", "price", "cost", "symbol",
];
/// In front of `token` they count it.
const COUNTS_TOKEN: &[&str] = &["max", "min", "per", "num", "total"];

fn is_secret(words: &[&str]) -> bool {
    let Some(last) = words.last() else { return false };
    if words.len() > 1 && DESCRIBES_SECRET.contains(last) {
        return false;
    }
    SECRET_LAST.contains(last)
        || words == ["pin"]
        || words.iter().enumerate().any(|(at, word)| {
            let before = at.checked_sub(1).map(|before| words[before]);
            if *word == "token" && before.is_some_and(|before| COUNTS_TOKEN.contains(&before)) {
                return false;
            }
            SECRET.contains(word)
                || SECRET_ENDING.iter().any(|ending| word.ends_with(ending))
                || before.is_some_and(|before| {
                    SECRET_PAIR.iter().any(|(second, firsts)| second == word && firsts.contains(&before))
                })
        })
}

/// Critical wherever they stand in a name.
const CRITICAL: &[&str] = &[
    "cc",
    "bcc",
    "recipient",
    "recipients",
    "email",
    "emails",
    "address",
    "addresses",
    "mailto",
    "url",
    "urls",
    "uri",
    "uris",
    "href",
    "endpoint",
    "webhook",
    "host",
    "hostname",
    "domain",
    "destination",
    "path",
    "paths",
    "file",
    "files",
    "filename",
    "filepath",
    "folder",
    "directory",
    "bucket",
    "amount",
    "amounts",
    "price",
    "cost",
    "currency",
    "account",
    "accounts",
    "iban",
    "bic",
    "beneficiary",
    "payee",
    "wallet",
    "phone",
    "channel",
    "channels",
    "command",
    "commands",
    "cmd",
    "script",
    "sql",
    "chatid",
    "accountnumber",
    "phonenumber",
    "emailaddress",
];
/// After `to` they make it a recipient: `to_number`, not `to_date`.
const AFTER_TO: &[&str] = &["id", "ids", "list", "name", "number", "numbers", "user", "users"];
/// Critical when they stand together.
const CRITICAL_PAIR: &[(&str, &str)] = &[("chat", "id"), ("e", "mail"), ("sort", "code"), ("routing", "number")];
/// A name that ends in one of these describes the critical value it names.
const DESCRIBES_CRITICAL: &[&str] = &[
    "count", "type", "types", "format", "template", "subject", "body", "enabled", "required", "verified", "status",
    "length",
];

fn is_critical(words: &[&str]) -> bool {
    let Some(last) = words.last() else { return false };
    if words.len() > 1 && DESCRIBES_CRITICAL.contains(last) {
        return false;
    }
    *last == "to"
        || matches!(words, ["to", second, ..] if AFTER_TO.contains(second))
        || words.iter().any(|word| CRITICAL.contains(word))
        || words.windows(2).any(|two| CRITICAL_PAIR.contains(&(two[0], two[1])))
}
