//! What an approval is for: the SHA-256 of the canonical arguments.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::json::Json;

/// A SHA-256 (FIPS 180-4). Written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

/// A text that is not 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is written as 64 lower-case hexadecimal digits")]
pub struct DigestError;

impl Digest {
    /// The digest of the canonical form ([`Json::canonical`]) in UTF-8.
    pub fn of(json: &Json) -> Self {
        Self::of_bytes(json.canonical().as_bytes())
    }

    /// The digest of these bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of many pieces, one after the other.
    pub(crate) fn of_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = Sha256::new();
        for piece in pieces {
            hasher.update(piece);
        }
        Self(hasher.finalize().into())
    }

    /// The first eight digits in two groups, `9f2c 41d8`: for an eye that compares, never for a program.
    pub fn short(&self) -> String {
        let start = hex::encode(&self.0[..4]);
        format!("{} {}", &start[..4], &start[4..])
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(DigestError);
        }
        hex::decode_to_slice(text, &mut bytes).map_err(|_| DigestError)?;
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_digest_of_nothing_is_the_known_one() {
        let empty = Digest::of_bytes(b"");
        assert_eq!(empty.to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(empty.short(), "e3b0 c442");
        assert_eq!(Digest::of(&Json::object([])), Digest::of_bytes(b"{}"));
    }

    #[test]
    fn only_one_spelling_is_read() {
        let text = Digest::of_bytes(b"x").to_string();
        for bad in [
            text.to_uppercase(),
            format!("{text}0"),
            text[1..].to_owned(),
            format!(" {text}"),
            String::new(),
            "g".repeat(64),
        ] {
            assert_eq!(bad.parse::<Digest>(), Err(DigestError), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_digest_reads_back_as_written(bytes: [u8; 32]) {
            let digest = Digest(bytes);
            prop_assert_eq!(digest.to_string().parse(), Ok(digest));
            let text = serde_json::to_string(&digest).unwrap();
            prop_assert_eq!(serde_json::from_str::<Digest>(&text).unwrap(), digest);
        }

        #[test]
        fn a_change_changes_it_and_the_order_of_keys_does_not(json in crate::json::tests::any_json(), other in crate::json::tests::any_json()) {
            prop_assert_eq!(Digest::of(&json) == Digest::of(&other), json.canonical() == other.canonical());
            let one = Json::object([("a", json.clone()), ("b", other.clone())]);
            let two = Json::object([("b", other), ("a", json)]);
            prop_assert_eq!(Digest::of(&one), Digest::of(&two));
        }

        #[test]
        fn pieces_are_one_text(left: Vec<u8>, right: Vec<u8>) {
            let whole = [left.clone(), right.clone()].concat();
            prop_assert_eq!(Digest::of_pieces([left.as_slice(), right.as_slice()]), Digest::of_bytes(&whole));
        }
    }
}
