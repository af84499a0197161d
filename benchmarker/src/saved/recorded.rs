use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{
    Deserializer as HistogramReader, Serializer as _, V2DeflateSerializer,
};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest time a histogram tells apart: the longest run.
const TIME_MAX_US: u64 = 3600 * 1_000_000;
/// Three significant digits: a quantile is off by at most a thousandth.
const DIGITS: u8 = 3;

/// A histogram of microseconds that is written as HdrHistogram's own compressed V2 text.
///
/// The tools of the HdrHistogram family read it, and plot it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded(pub Histogram<u64>);

impl Default for Recorded {
    fn default() -> Self {
        let empty = Histogram::new_with_bounds(1, TIME_MAX_US, DIGITS);
        Self(empty.expect("the bounds are constants that make sense"))
    }
}

impl From<Histogram<u64>> for Recorded {
    fn from(histogram: Histogram<u64>) -> Self {
        Self(histogram)
    }
}

impl Recorded {
    /// Both together; what does not fit is counted as the longest time there is.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for value in other.0.iter_recorded() {
            let times = value.count_at_value();
            both.0.saturating_record_n(value.value_iterated_to(), times);
        }
        both
    }
}

impl Serialize for Recorded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.0, &mut bytes)
            .map_err(S::Error::custom)?;
        serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Recorded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64_STANDARD.decode(text).map_err(D::Error::custom)?;
        HistogramReader::new()
            .deserialize(&mut bytes.as_slice())
            .map(Self)
            .map_err(|e| D::Error::custom(format!("a histogram cannot be read: {e}")))
    }
}
