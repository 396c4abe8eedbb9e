//! serde for [`Json`] through `serde_json`'s raw values, so that digits survive.
//!
//! This works with `serde_json` reading text, and with nothing else: raw values need it, and serde's own buffer
//! (`flatten`, `untagged`, internally tagged enums) loses them. Such a type reads a [`Json`] by hand.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::Json;

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_text()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse_str(raw.get()).map_err(D::Error::custom)
    }
}
