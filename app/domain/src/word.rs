//! Enumerations on the wire: each is the word that `as_str` gives, read back by `FromStr`. What serde would derive says the
//! same, and weighs in the browser as much again as the words themselves.

macro_rules! by_word {
    // What the description of the REST interface says of it.
    ($name:ty, $said:literal) => {
        $crate::word::by_word!($name, $said, stringify!($name));
    };
    // Under a name of its own there.
    ($name:ty, $said:literal, $described:expr) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::word::read(<String as serde::Deserialize>::deserialize(deserializer)?)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::openapi::one_of($said, Self::ALL.iter().map(|own| own.as_str()))
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed($described)
            }
        }
    };
}
pub(crate) use by_word;

use std::str::FromStr;

use serde::de::Error;

use crate::risk::UnknownWord;

/// The value of a word that came over the wire.
pub(crate) fn read<T: FromStr<Err = UnknownWord>, E: Error>(word: String) -> Result<T, E> {
    word.parse().map_err(E::custom)
}
