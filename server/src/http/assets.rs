//! The console's files, carried inside the binary (in debug builds: read from `target/site`), so that one file
//! is the deployment. Names under `pkg/` hold a content hash and are kept by browsers for ever; the rest is
//! asked for again each time and answered from its tag. Compressed copies were made by the asset pipeline.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rust_embed::{Embed, EmbeddedFile};
use serde::Deserialize;

/// Shown instead of a build's version when the binary was built without the console.
const NO_VERSION: &str = "none";

#[derive(Embed)]
#[folder = "../target/site"]
struct Site;

/// A picture that is opened by itself may have styles, and nothing else.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// What the asset pipeline says the files are called.
#[derive(Deserialize)]
struct Manifest {
    js: String,
    wasm: String,
    css: Styles,
    version: String,
}

#[derive(Deserialize)]
struct Styles {
    queue: String,
    still: String,
    figures: String,
}

/// The present names of the console's files, as URL paths.
pub fn names() -> app::shell::Assets {
    let manifest = Site::get("manifest.json").and_then(|file| serde_json::from_slice::<Manifest>(&file.data).ok());
    let Some(manifest) = manifest else {
        tracing::warn!(
            "this binary was built without the console's files: pages work, but look bare. `make build` makes both"
        );
        return app::shell::Assets {
            js: "/pkg/countersign.js".to_owned(),
            wasm: "/pkg/countersign.wasm".to_owned(),
            queue_css: "/pkg/queue.css".to_owned(),
            still_css: "/pkg/still.css".to_owned(),
            figures_css: "/pkg/figures.css".to_owned(),
            version: NO_VERSION.to_owned(),
        };
    };
    app::shell::Assets {
        js: format!("/{}", manifest.js),
        wasm: format!("/{}", manifest.wasm),
        queue_css: format!("/{}", manifest.css.queue),
        still_css: format!("/{}", manifest.css.still),
        figures_css: format!("/{}", manifest.css.figures),
        version: manifest.version,
    }
}

/// Middleware: a path that names a file gets the file, every other request goes on.
pub async fn serve(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let name = request.uri().path().trim_start_matches('/');
    if reads
        && is_public(name)
        && let Some(response) = find(name, request.headers())
    {
        return if request.method() == Method::HEAD { response.map(|_| Body::empty()) } else { response };
    }
    next.run(request).await
}

fn is_public(name: &str) -> bool {
    // Compressed copies are reached by asking for the file itself; the manifest is the server's own.
    // What climbs out of its folder is no name of ours.
    !name.is_empty()
        && !name.contains("..")
        && !name.starts_with("api/")
        && name != "manifest.json"
        && !name.ends_with(".br")
        && !name.ends_with(".gz")
}

fn find(name: &str, asked: &HeaderMap) -> Option<Response> {
    let plain = Site::get(name)?;
    let (file, encoding) = encoded(name, asked).unwrap_or((plain, None));
    let tag = format!("\"{}{}\"", hex::encode(&file.metadata.sha256_hash()[..12]), encoding.unwrap_or_default());
    let caching = if name.starts_with("pkg/") { "public, max-age=31536000, immutable" } else { "public, no-cache" };
    let mut response = if asked.get(IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == tag.as_bytes()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let length = file.data.len();
        ([(CONTENT_TYPE, content_type(name)), (CONTENT_LENGTH, &*length.to_string())], body_of(file)).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, tag.parse().expect("a tag is hexadecimal digits and a known word"));
    headers.insert(CACHE_CONTROL, caching.parse().expect("a constant"));
    headers.insert(CONTENT_SECURITY_POLICY, CONTENT_POLICY.parse().expect("a constant"));
    headers.insert(VARY, "Accept-Encoding".parse().expect("a constant"));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, encoding.parse().expect("a constant"));
    }
    Some(response)
}

/// The smallest copy that the browser can read, if there is one.
fn encoded(name: &str, asked: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted = asked.get(ACCEPT_ENCODING)?.to_str().ok()?;
    [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(encoding, _)| accepts(accepted, encoding))
        .find_map(|(encoding, suffix)| Site::get(&format!("{name}.{suffix}")).map(|file| (file, Some(encoding))))
}

fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        named && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn body_of(file: EmbeddedFile) -> Body {
    match file.data {
        std::borrow::Cow::Borrowed(bytes) => Body::from(bytes),
        std::borrow::Cow::Owned(bytes) => Body::from(bytes),
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("webmanifest") => "application/manifest+json",
        Some("json") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_with_weight_zero_is_not_accepted() {
        assert!(accepts("gzip, deflate, br;q=0.9", "br"));
        assert!(!accepts("gzip, br;q=0", "br"));
        assert!(!accepts("gzip", "br"));
        assert!(!accepts("brotli", "br"));
    }

    #[test]
    fn compressed_copies_and_the_manifest_are_not_pages_of_their_own() {
        assert!(is_public("favicon.svg"));
        assert!(!is_public("pkg/countersign.0123456789abcdef.js.br"));
        assert!(!is_public("manifest.json"));
        assert!(!is_public("pkg/../manifest.json"));
        assert!(!is_public(""));
    }
}
