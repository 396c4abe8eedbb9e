//! An answer, read no further than it is kept.

use reqwest::Response;
use reqwest::header::CONTENT_ENCODING;

/// The longest body that is kept, in bytes.
pub const LONGEST: usize = domain::action::limit::RESULT;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Body,
}

/// How much of the body came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// All of it.
    Whole(Vec<u8>),
    /// It goes on past [`LONGEST`]. Nothing of it is kept: a secret cut in half would be masked no more.
    TooLong,
    /// It came in a coding that was not asked for.
    Encoded,
    /// It ended before its end.
    Broken,
    /// It did not come in time.
    Late,
}

pub(super) async fn read(mut response: Response) -> Answer {
    let status = response.status().as_u16();
    let coded = |value: &reqwest::header::HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
    if response.headers().get(CONTENT_ENCODING).is_some_and(coded) {
        return Answer { status, body: Body::Encoded };
    }
    let mut kept = Vec::new();
    let body = loop {
        match response.chunk().await {
            Ok(Some(piece)) if kept.len() + piece.len() > LONGEST => break Body::TooLong,
            Ok(Some(piece)) => kept.extend_from_slice(&piece),
            Ok(None) => break Body::Whole(kept),
            Err(error) if error.is_timeout() => break Body::Late,
            Err(_) => break Body::Broken,
        }
    };
    Answer { status, body }
}
