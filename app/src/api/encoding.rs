//! JSON, the one encoding of the console's data: of every answer, and of what a page brings along for the browser
//! to go on with. The server writes it; the browser's own parser reads it, which is faster than one of ours and
//! costs no WebAssembly.

use bytes::Bytes;
use leptos::server::codee::{Decoder, Encoder};
use leptos::server_fn::codec::Post;
use leptos::server_fn::{ContentType, Decodes, Encodes, Format, FormatType};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The encoding of every answer.
pub struct TextJson;

/// An answer in [`TextJson`].
pub type JsonAnswer = Post<TextJson>;

/// A text that is not the JSON it should be.
#[derive(Debug)]
pub struct Unreadable(#[cfg_attr(feature = "hydrate", allow(dead_code))] String);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

/// # Errors
/// The text is not JSON, or not of this type.
#[cfg(feature = "hydrate")]
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    let unreadable = |_| Unreadable(String::new());
    let value = js_sys::JSON::parse(text).map_err(unreadable)?;
    serde_wasm_bindgen::from_value(value).map_err(|error| unreadable(error.into()))
}

/// # Errors
/// The text is not JSON, or not of this type.
#[cfg(not(feature = "hydrate"))]
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    serde_json::from_str(text).map_err(|error| Unreadable(error.to_string()))
}

impl ContentType for TextJson {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for TextJson {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for TextJson {
    type Error = serde_json::Error;

    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_string(output).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for TextJson {
    type Error = Unreadable;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        read(std::str::from_utf8(&bytes).map_err(|error| Unreadable(error.to_string()))?)
    }
}

impl<T: Serialize> Encoder<T> for TextJson {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, Self::Error> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for TextJson {
    type Error = Unreadable;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, Self::Error> {
        read(text)
    }
}
