//! The secret that what Countersign sends is signed with, as Standard Webhooks writes it: `whsec_` and base64.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::TryRngCore;
use serde::{Deserialize, Serialize};

const PREFIX: &str = "whsec_";
/// How many bytes a secret has, as the specification wants them (§ "Signature scheme").
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A signing secret. It prints as stars; only [`SigningSecret::reveal`] tells it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SigningSecret(String);

impl SigningSecret {
    /// A new one of 256 random bits.
    pub fn generate() -> Self {
        let mut bytes = [0_u8; 32];
        rand::rngs::OsRng.try_fill_bytes(&mut bytes).expect("the operating system has randomness");
        Self(format!("{PREFIX}{}", STANDARD.encode(bytes)))
    }

    /// The text, for whoever is to verify signatures and for the configuration's own place.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The bytes that sign.
    pub fn key(&self) -> Vec<u8> {
        decode(&self.0).expect("checked when it was made")
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.strip_prefix(PREFIX)?).ok().filter(|bytes| BYTES.contains(&bytes.len()))
}

impl TryFrom<String> for SigningSecret {
    type Error = &'static str;

    /// The error does not repeat the secret.
    fn try_from(text: String) -> Result<Self, &'static str> {
        match decode(&text) {
            Some(_) => Ok(Self(text)),
            None => {
                Err("must be whsec_ and the base64 of 24 to 64 random bytes: echo whsec_$(openssl rand -base64 32)")
            }
        }
    }
}

impl From<SigningSecret> for String {
    fn from(secret: SigningSecret) -> Self {
        secret.0
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("whsec_***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_secret_reads_back_and_is_never_printed() {
        let secret = SigningSecret::generate();
        assert_eq!(SigningSecret::try_from(secret.reveal().to_owned()), Ok(secret.clone()));
        assert_eq!((secret.key().len(), format!("{secret:?}").as_str()), (32, "whsec_***"));
        assert_ne!(secret, SigningSecret::generate());
    }

    #[test]
    fn what_is_too_short_or_in_another_form_is_refused_without_being_repeated() {
        for wrong in
            ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64 at all, is it?"]
        {
            let said = SigningSecret::try_from(wrong.to_owned()).expect_err(wrong);
            assert!(wrong.len() < 8 || !said.contains(wrong), "{said}");
        }
        assert!(SigningSecret::try_from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()).is_ok());
    }
}
