//! A value and its masked picture, gone through side by side.

use crate::json::Json;

/// A stored value and what was shown of it.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) stored: &'a Json,
    pub(super) masked: &'a Json,
}

/// A member of an object under both its names: a key that holds a secret is shown masked.
#[derive(Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) key: &'a str,
    pub(super) shown_key: &'a str,
    pub(super) value: Shown<'a>,
}

impl<'a> Shown<'a> {
    /// The members, if this is an object whose members are shown.
    pub(super) fn members(self) -> Option<Vec<Member<'a>>> {
        let (stored, masked) = (self.stored.as_object()?, self.masked.as_object()?);
        let pair = |((key, stored), (shown_key, masked)): (&'a (String, Json), &'a (String, Json))| Member {
            key,
            shown_key,
            value: Self { stored, masked },
        };
        // Masking keeps the number and the order of members, unless it takes the whole object.
        (stored.len() == masked.len()).then(|| stored.iter().zip(masked).map(pair).collect())
    }

    /// The elements, if this is a list whose elements are shown.
    pub(super) fn items(self) -> Option<Vec<Self>> {
        let (stored, masked) = (self.stored.as_array()?, self.masked.as_array()?);
        let pair = |(stored, masked): (&'a Json, &'a Json)| Self { stored, masked };
        (stored.len() == masked.len()).then(|| stored.iter().zip(masked).map(pair).collect())
    }
}
