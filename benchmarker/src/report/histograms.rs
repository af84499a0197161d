//! The raw times of a run, in the format of HdrHistogram.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{
    Deserializer as HistogramReader, Serializer as _, V2DeflateSerializer,
};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::measure::histogram;

/// The raw times in microseconds, for merging with other runs.
///
/// Serialized as HdrHistogram's own compressed V2 text, which the tools of the HdrHistogram family
/// read and plot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Histograms {
    /// Response times of answered requests.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub request: Histogram<u64>,
    /// Service times of answered requests.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub service: Histogram<u64>,
    /// Times of complete page views that were the first of their visitors.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub first_visit: Histogram<u64>,
    /// Times of all other complete page views.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub repeat_visit: Histogram<u64>,
    /// How late page views began for which a browser was free.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub lateness: Histogram<u64>,
}

impl Default for Histograms {
    fn default() -> Self {
        let empty = histogram::empty();
        Self {
            request: empty.clone(),
            service: empty.clone(),
            first_visit: empty.clone(),
            repeat_visit: empty.clone(),
            lateness: empty,
        }
    }
}

fn write<S: Serializer>(histogram: &Histogram<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(histogram, &mut bytes)
        .map_err(S::Error::custom)?;
    serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Histogram<u64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = BASE64_STANDARD.decode(text).map_err(D::Error::custom)?;
    HistogramReader::new()
        .deserialize(&mut bytes.as_slice())
        .map_err(|e| D::Error::custom(format!("a histogram cannot be read: {e}")))
}
