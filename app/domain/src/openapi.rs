//! What the types that write themselves look like as JSON (OpenAPI 3.1, whose schemas are JSON Schema 2020-12). The others
//! derive it.

use std::borrow::Cow;

use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::action::Decider;
use crate::digest::Digest;
use crate::json::Json;

/// A text that is one of these words.
pub(crate) fn one_of(description: &str, words: impl Iterator<Item = &'static str>) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description)).enum_values(Some(words)).into()
}

fn text(description: &str, pattern: &str) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description)).pattern(Some(pattern)).into()
}

impl PartialSchema for Json {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::AnyValue)
            .description(Some("Any JSON value. Numbers keep every digit they are written with."))
            .into()
    }
}

impl ToSchema for Json {}

impl PartialSchema for Digest {
    fn schema() -> RefOr<Schema> {
        text("A SHA-256 (FIPS 180-4).", "^[0-9a-f]{64}$")
    }
}

impl ToSchema for Digest {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Sha256")
    }
}

impl PartialSchema for Decider {
    fn schema() -> RefOr<Schema> {
        text("Who decided: `human:NAME`, `rule:ID` or `system:WHAT`.", "^(human|rule|system):.+$")
    }
}

impl ToSchema for Decider {}
