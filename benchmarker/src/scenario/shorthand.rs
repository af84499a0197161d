//! Values that have a short and a long form in the file.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::Think;
use crate::load::parse_time;

/// A time: a number and its unit in quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time(pub(super) Duration);

/// A think time: fixed, or drawn around a mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct ThinkTime(pub(super) Think);

/// From so many to so many.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    pub(super) from: u32,
    pub(super) to: u32,
}

/// A number, or a range.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count(pub(super) Range);

/// The expected statuses.
#[derive(Debug)]
pub(super) struct Statuses(pub(super) Vec<u16>);

/// A type with a short and a long form.
trait Shorthand<'de>: Sized {
    const EXPECTED: &'static str;
    fn text<E: Error>(text: &str) -> Result<Self, E> {
        Err(E::custom(format!("{text:?} is not {}", Self::EXPECTED)))
    }
    fn number<E: Error>(number: i64) -> Result<Self, E> {
        Err(E::custom(format!("{number} is not {}", Self::EXPECTED)))
    }
    fn table<A: MapAccess<'de>>(_: A) -> Result<Self, A::Error> {
        Err(A::Error::custom(format!("expected {}", Self::EXPECTED)))
    }
    fn array<A: SeqAccess<'de>>(_: A) -> Result<Self, A::Error> {
        Err(A::Error::custom(format!("expected {}", Self::EXPECTED)))
    }
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Shorthand<'de>> Visitor<'de> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::text(text)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        T::number(number)
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<T, A::Error> {
        T::table(table)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<T, A::Error> {
        T::array(array)
    }
}

macro_rules! deserialize_shorthand {
    ($($name:ident),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_any(Reader(PhantomData))
            }
        }
    )*};
}
deserialize_shorthand!(Time, ThinkTime, Count, Statuses);

impl Shorthand<'_> for Time {
    const EXPECTED: &'static str =
        r#"a time, which is a number with its unit in quotes: "500ms", "10s", "2m", "1h""#;

    fn text<E: Error>(text: &str) -> Result<Self, E> {
        parse_time(text)
            .map(Self)
            .map_err(|_| E::custom(format!("{text:?} is not {}", Self::EXPECTED)))
    }
}

impl<'de> Shorthand<'de> for ThinkTime {
    const EXPECTED: &'static str =
        r#"a time such as "2s" or a law such as { mean = "7s", law = "exponential" }"#;

    fn text<E: Error>(text: &str) -> Result<Self, E> {
        Time::text(text).map(|time| Self(Think::Fixed(time.0)))
    }

    fn table<A: MapAccess<'de>>(table: A) -> Result<Self, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Drawn {
            mean: Time,
            law: Law,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Law {
            Exponential,
        }
        let Drawn {
            mean,
            law: Law::Exponential,
        } = Drawn::deserialize(MapAccessDeserializer::new(table))?;
        Ok(Self(Think::Exponential(mean.0)))
    }
}

impl<'de> Shorthand<'de> for Count {
    const EXPECTED: &'static str = "a number such as 20 or { from = 5, to = 30 }";

    fn number<E: Error>(number: i64) -> Result<Self, E> {
        let count = u32::try_from(number)
            .map_err(|_| E::custom(format!("{number} is not {}", Self::EXPECTED)))?;
        Ok(Self(Range {
            from: count,
            to: count,
        }))
    }

    fn table<A: MapAccess<'de>>(table: A) -> Result<Self, A::Error> {
        Range::deserialize(MapAccessDeserializer::new(table)).map(Self)
    }
}

impl<'de> Shorthand<'de> for Statuses {
    const EXPECTED: &'static str = "a status such as 200 or several such as [200, 303]";

    fn number<E: Error>(number: i64) -> Result<Self, E> {
        match u16::try_from(number) {
            Ok(status @ 200..=599) => Ok(Self(vec![status])),
            _ => Err(E::custom(format!(
                "{number} is not the status of a response: 200 to 599 is possible"
            ))),
        }
    }

    fn array<A: SeqAccess<'de>>(array: A) -> Result<Self, A::Error> {
        let statuses = Vec::<Self>::deserialize(SeqAccessDeserializer::new(array))?;
        Ok(Self(statuses.into_iter().flat_map(|one| one.0).collect()))
    }
}
