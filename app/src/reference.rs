//! The REST interface as people read it; the server makes it of the description that it serves to programs.

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    pub groups: Vec<Group>,
    /// By name.
    pub types: Vec<Type>,
}

/// Operations that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub about: String,
    pub operations: Vec<Operation>,
}

/// A method at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Stable, and unlike all others.
    pub id: String,
    pub method: &'static str,
    pub path: String,
    /// What it does, in a line; and the rest.
    pub summary: String,
    pub about: String,
    pub parameters: Vec<Field>,
    pub body: Option<Shape>,
    pub answers: Vec<Answer>,
}

/// A parameter, or a member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    /// `path`, `query` or `header`; none of a member.
    pub place: Option<&'static str>,
    pub required: bool,
    pub shape: Shape,
    pub about: String,
}

/// What a status means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: String,
    pub about: String,
    pub shape: Option<Shape>,
}

/// A type that has a name: an object with members, or something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    pub name: String,
    pub about: String,
    pub fields: Vec<Field>,
    /// Of what has no members.
    pub shape: Option<Shape>,
}

/// What a value looks like, in words and names of types: "list of `Attempt`".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape(pub Vec<Piece>);

/// A part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Words(String),
    /// A [`Type`]'s name.
    Type(String),
}
