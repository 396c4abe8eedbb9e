//! The description of the REST interface, put into what people read.

use app::reference::{Answer, Field, Group, Operation, Piece, Reference, Shape, Type};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayItems, KnownFormat, Object, SchemaFormat, SchemaType, Type as Kind,
};
use utoipa::openapi::{self, OpenApi, RefOr, Required, Response, Schema};

use super::openapi::{named_by, operations, schema_of};

/// What people read of it.
pub(super) fn of(api: &OpenApi) -> Reference {
    Reader { api }.read()
}

struct Reader<'a> {
    api: &'a OpenApi,
}

impl Reader<'_> {
    fn read(&self) -> Reference {
        let groups = self.api.tags.iter().flatten().map(|tag| Group {
            name: tag.name.clone(),
            about: tag.description.clone().unwrap_or_default(),
            operations: self.operations_of(&tag.name),
        });
        let schemas = self.api.components.iter().flat_map(|components| &components.schemas);
        // Of an envelope, what is in it is told where it is answered.
        let types = schemas.filter(|(_, schema)| data_of(schema).is_none());
        Reference { groups: groups.collect(), types: types.map(|(name, schema)| self.named(name, schema)).collect() }
    }

    fn operations_of(&self, tag: &str) -> Vec<Operation> {
        let all = self.api.paths.paths.iter().flat_map(|(path, item)| operations(item).map(move |own| (path, own)));
        all.filter(|(_, (_, own))| own.tags.iter().flatten().any(|named| named == tag))
            .map(|(path, (method, own))| self.operation(method, path, own))
            .collect()
    }

    fn operation(&self, method: &'static str, path: &str, own: &openapi::path::Operation) -> Operation {
        let parameters = own.parameters.iter().flatten().filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(self.parameter(parameter)),
            RefOr::Ref(_) => None,
        });
        let body = own.request_body.as_ref().and_then(|body| match body {
            RefOr::T(body) => body.content.values().next().and_then(schema_of),
            RefOr::Ref(_) => None,
        });
        Operation {
            id: own.operation_id.clone().unwrap_or_default(),
            method,
            path: path.to_owned(),
            summary: own.summary.clone().unwrap_or_default(),
            about: own.description.clone().unwrap_or_default(),
            parameters: parameters.collect(),
            body: body.map(shape),
            answers: own.responses.responses.iter().map(|(status, answer)| self.answer(status, answer)).collect(),
        }
    }

    fn parameter(&self, parameter: &Parameter) -> Field {
        let place = match parameter.parameter_in {
            ParameterIn::Path => "path",
            ParameterIn::Header => "header",
            _ => "query",
        };
        Field {
            name: parameter.name.clone(),
            place: Some(place),
            required: parameter.required == Required::True,
            shape: parameter.schema.as_ref().map(shape).unwrap_or_default(),
            about: parameter.description.clone().unwrap_or_default(),
        }
    }

    fn answer(&self, status: &str, answer: &RefOr<Response>) -> Answer {
        let shared = self.api.components.as_ref().map(|components| &components.responses);
        let own = match answer {
            RefOr::T(own) => Some(own),
            RefOr::Ref(to) => match shared.and_then(|shared| shared.get(named_by(to))) {
                Some(RefOr::T(own)) => Some(own),
                _ => None,
            },
        };
        let schema = own.and_then(|own| own.content.values().next().and_then(schema_of));
        Answer {
            status: status.to_owned(),
            about: own.map(|own| own.description.clone()).unwrap_or_default(),
            shape: schema.map(|schema| shape(self.behind(schema).and_then(data_of).unwrap_or(schema))),
        }
    }

    fn named(&self, name: &str, schema: &RefOr<Schema>) -> Type {
        let fields = self.fields(schema);
        let about = match schema {
            RefOr::T(Schema::Object(object)) => object.description.clone(),
            RefOr::T(Schema::AllOf(all)) => all.description.clone(),
            RefOr::T(Schema::OneOf(one)) => one.description.clone(),
            _ => None,
        };
        let shape = fields.is_empty().then(|| shape(schema));
        Type { name: name.to_owned(), about: about.unwrap_or_default(), fields, shape }
    }

    /// What a name stands for.
    fn behind<'s>(&'s self, schema: &'s RefOr<Schema>) -> Option<&'s RefOr<Schema>> {
        let RefOr::Ref(to) = schema else { return Some(schema) };
        self.api.components.as_ref()?.schemas.get(named_by(to))
    }

    /// The members of an object, and of those that it takes in.
    fn fields(&self, schema: &RefOr<Schema>) -> Vec<Field> {
        match schema {
            RefOr::T(Schema::Object(object)) => members(object).collect(),
            RefOr::T(Schema::AllOf(all)) => all.items.iter().flat_map(|own| self.fields(own)).collect(),
            RefOr::T(_) => Vec::new(),
            RefOr::Ref(_) => self.behind(schema).map_or_else(Vec::new, |own| self.fields(own)),
        }
    }
}

/// What stands in an envelope.
fn data_of(schema: &RefOr<Schema>) -> Option<&RefOr<Schema>> {
    let RefOr::T(Schema::Object(object)) = schema else { return None };
    object.properties.get("data").filter(|_| object.properties.contains_key("meta"))
}

fn members(object: &Object) -> impl Iterator<Item = Field> {
    object.properties.iter().map(|(name, schema)| Field {
        name: name.clone(),
        place: None,
        required: object.required.contains(name),
        shape: shape(schema),
        about: about(schema),
    })
}

fn about(schema: &RefOr<Schema>) -> String {
    let told = match schema {
        RefOr::Ref(to) => Some(to.description.clone()),
        RefOr::T(Schema::Object(own)) => own.description.clone(),
        RefOr::T(Schema::Array(own)) => own.description.clone(),
        // What may be null is told of where it is not.
        RefOr::T(Schema::OneOf(own)) => own.description.clone().or_else(|| own.items.iter().map(about).max()),
        RefOr::T(_) => None,
    };
    told.unwrap_or_default()
}

fn shape(schema: &RefOr<Schema>) -> Shape {
    let mut pieces = Vec::new();
    describe(schema, &mut pieces);
    Shape(pieces)
}

fn describe(schema: &RefOr<Schema>, pieces: &mut Vec<Piece>) {
    match schema {
        RefOr::Ref(to) => pieces.push(Piece::Type(named_by(to).to_owned())),
        RefOr::T(Schema::Object(object)) => describe_object(object, pieces),
        RefOr::T(Schema::Array(array)) => {
            pieces.push(words("list of "));
            match &array.items {
                ArrayItems::RefOrSchema(items) => describe(items, pieces),
                ArrayItems::False => pieces.push(words("nothing")),
            }
        }
        RefOr::T(Schema::OneOf(one)) => joined(&one.items, " or ", pieces),
        RefOr::T(Schema::AllOf(all)) => joined(&all.items, " with ", pieces),
        RefOr::T(_) => pieces.push(words("any JSON")),
    }
}

fn joined(items: &[RefOr<Schema>], with: &str, pieces: &mut Vec<Piece>) {
    // What can be null says so last.
    let (null, rest): (Vec<_>, Vec<_>) = items.iter().partition(|item| is_null(item));
    for (place, item) in rest.into_iter().chain(null).enumerate() {
        if place > 0 {
            pieces.push(words(with));
        }
        describe(item, pieces);
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Kind::Null))
}

fn describe_object(object: &Object, pieces: &mut Vec<Piece>) {
    if let Some(values) = &object.enum_values {
        let values: Vec<_> = values.iter().filter_map(|value| Some(format!("`{}`", value.as_str()?))).collect();
        pieces.push(words(&values.join(", ")));
        return;
    }
    let kinds = match &object.schema_type {
        SchemaType::AnyValue => return pieces.push(words("any JSON")),
        SchemaType::Type(kind) => vec![kind],
        SchemaType::Array(kinds) => kinds.iter().collect(),
    };
    for (place, kind) in kinds.into_iter().enumerate() {
        if place > 0 {
            pieces.push(words(" or "));
        }
        match (kind, &object.additional_properties) {
            (Kind::Object, Some(more)) if object.properties.is_empty() => of_names(more, pieces),
            (Kind::Object, _) => braces(object, pieces),
            _ => pieces.push(words(word(kind, object))),
        }
    }
    bounds(object, pieces);
}

fn of_names(more: &AdditionalProperties<Schema>, pieces: &mut Vec<Piece>) {
    match more {
        AdditionalProperties::RefOr(schema) => {
            pieces.push(words("object of "));
            describe(schema, pieces);
        }
        AdditionalProperties::FreeForm(true) => pieces.push(words("object")),
        AdditionalProperties::FreeForm(false) => pieces.push(words("empty object")),
    }
}

/// An object that has no name: its members in braces.
fn braces(object: &Object, pieces: &mut Vec<Piece>) {
    pieces.push(words("{ "));
    for (place, (name, schema)) in object.properties.iter().enumerate() {
        let optional = if object.required.contains(name) { "" } else { "?" };
        let comma = if place > 0 { ", " } else { "" };
        pieces.push(words(&format!("{comma}`{name}`{optional}: ")));
        describe(schema, pieces);
    }
    pieces.push(words(" }"));
}

const fn word(kind: &Kind, object: &Object) -> &'static str {
    match (kind, &object.format) {
        (Kind::String, Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))) => "time",
        (Kind::String, Some(SchemaFormat::KnownFormat(KnownFormat::Date))) => "day",
        (Kind::String, Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))) => "UUID",
        (Kind::String, _) => "text",
        (Kind::Integer, _) => "whole number",
        (Kind::Number, _) => "number",
        (Kind::Boolean, _) => "true or false",
        (Kind::Null, _) => "null",
        (Kind::Array, _) => "list",
        (Kind::Object, _) => "object",
    }
}

fn bounds(object: &Object, pieces: &mut Vec<Piece>) {
    let number =
        |bound: &Option<utoipa::Number>| bound.as_ref().map(|number| serde_json::to_string(number).unwrap_or_default());
    match (number(&object.minimum), number(&object.maximum)) {
        (Some(least), Some(most)) => pieces.push(words(&format!(" from {least} to {most}"))),
        (Some(least), None) if least != "0" => pieces.push(words(&format!(" from {least}"))),
        _ => {}
    }
    if let Some(pattern) = object.pattern.as_ref().filter(|_| object.description.is_none()) {
        pieces.push(words(&format!(" like `{pattern}`")));
    }
}

fn words(text: &str) -> Piece {
    Piece::Words(text.to_owned())
}
