//! Signatures by the scheme of Standard Webhooks (specification v1, symmetric): HMAC-SHA256 over
//! `id.timestamp.body`, in base64, marked `v1`. Several secrets give several signatures, with blanks between them, so
//! that a receiver may change its secret whenever it likes while an old one lasts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::executors::SigningSecret;
use http::{HeaderMap, HeaderValue};
use ring::hmac;

/// The three headers that sign `body`. `id` is the receiver's means against doing the same twice; `timestamp`, in
/// seconds of Unix time, against an old request that is sent again.
pub fn headers(secrets: &[SigningSecret], id: &str, timestamp: i64, body: &str) -> HeaderMap {
    let signatures: Vec<String> = secrets.iter().map(|secret| sign(secret, id, timestamp, body)).collect();
    let value = |text: &str| HeaderValue::from_str(text).expect("ids, digits and base64 are fit for a header");
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", value(id));
    headers.insert("webhook-timestamp", value(&timestamp.to_string()));
    headers.insert("webhook-signature", value(&signatures.join(" ")));
    headers
}

fn sign(secret: &SigningSecret, id: &str, timestamp: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &secret.key());
    let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with OpenSSL, not with this code: `printf '%s' 'id.timestamp.body' | openssl dgst -sha256 -mac HMAC`.
    #[test]
    fn a_signature_is_what_another_implementation_computes() {
        let secret = SigningSecret::try_from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()).expect("a secret");
        let other = SigningSecret::generate();
        let signed = headers(&[other, secret], "msg_1", 1_614_265_330, r#"{"test": 2432232314}"#);
        let signatures = signed["webhook-signature"].to_str().expect("text");
        assert_eq!(
            signatures.split(' ').nth(1),
            Some("v1,9o7UeFkn1GjVbcY4emAJruJCYqgH2EIf8u/slvVRBZI="),
            "{signatures}"
        );
        assert_eq!(
            (&signed["webhook-id"], &signed["webhook-timestamp"]),
            (&HeaderValue::from_static("msg_1"), &HeaderValue::from_static("1614265330"))
        );
    }
}
