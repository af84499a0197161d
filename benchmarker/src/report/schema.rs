//! The version of the JSON, and its form of missing numbers.

use serde::{Deserialize, Deserializer, Serialize};

/// The version of the JSON that is written and read here, `schema/result-2.json`.
pub const SCHEMA: u32 = 2;

/// The version of the JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schema(pub u32);

impl Default for Schema {
    fn default() -> Self {
        Self(SCHEMA)
    }
}

/// Reads the null that JSON has for NaN.
pub(super) fn null_as_nan<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Option::<f64>::deserialize(from).map(|value| value.unwrap_or(f64::NAN))
}
