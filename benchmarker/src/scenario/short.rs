//! Values that may be written in a short form and in a long one.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::written::Range;

/// A length of time: a number and its unit in quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time(pub(super) Duration);

/// Fixed, or drawn around a mean.
#[derive(Debug, Clone, Copy)]
pub(super) enum Think {
    Fixed(Time),
    Drawn { mean: Time },
}

/// So many, or from so many to so many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count {
    pub(super) from: u32,
    pub(super) to: u32,
}

/// The statuses of which one is expected.
#[derive(Debug)]
pub(super) struct Statuses(pub(super) Vec<u16>);

/// Reads what may be written in a short and in a long form.
trait Either<'de>: Sized {
    const EXPECTED: &'static str;
    fn text<E: Error>(text: &str) -> Result<Self, E> {
        Err(E::custom(format!("{text:?} is not {}", Self::EXPECTED)))
    }
    fn number<E: Error>(number: i64) -> Result<Self, E> {
        Err(E::custom(format!("{number} is not {}", Self::EXPECTED)))
    }
    fn table<A: MapAccess<'de>>(_: A) -> Result<Self, A::Error> {
        Err(A::Error::custom(format!("needed is {}", Self::EXPECTED)))
    }
    fn row<A: SeqAccess<'de>>(_: A) -> Result<Self, A::Error> {
        Err(A::Error::custom(format!("needed is {}", Self::EXPECTED)))
    }
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Either<'de>> Visitor<'de> for Reader<T> {
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

    fn visit_seq<A: SeqAccess<'de>>(self, row: A) -> Result<T, A::Error> {
        T::row(row)
    }
}

macro_rules! read_either {
    ($($name:ident),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_any(Reader(PhantomData))
            }
        }
    )*};
}
read_either!(Time, Think, Count, Statuses);

impl Either<'_> for Time {
    const EXPECTED: &'static str =
        r#"a time, which is a number with its unit in quotes: "500ms", "10s", "2m", "1h""#;

    fn text<E: Error>(text: &str) -> Result<Self, E> {
        let wrong = || E::custom(format!("{text:?} is not {}", Self::EXPECTED));
        let unit_at = text.find(|c: char| c.is_ascii_alphabetic());
        let (number, unit) = text.split_at(unit_at.ok_or_else(wrong)?);
        let in_unit = match unit {
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(wrong()),
        };
        let number: f64 = number.trim().parse().map_err(|_| wrong())?;
        Duration::try_from_secs_f64(number * in_unit)
            .map(Self)
            .map_err(|_| wrong())
    }
}

impl<'de> Either<'de> for Think {
    const EXPECTED: &'static str =
        r#"a time such as "2s" or a law such as { mean = "7s", law = "exponential" }"#;

    fn text<E: Error>(text: &str) -> Result<Self, E> {
        Time::text(text).map(Self::Fixed)
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
        Ok(Self::Drawn { mean })
    }
}

impl<'de> Either<'de> for Count {
    const EXPECTED: &'static str = "a number such as 20 or { from = 5, to = 30 }";

    fn number<E: Error>(number: i64) -> Result<Self, E> {
        let count = u32::try_from(number)
            .map_err(|_| E::custom(format!("{number} is not {}", Self::EXPECTED)))?;
        Ok(Self {
            from: count,
            to: count,
        })
    }

    fn table<A: MapAccess<'de>>(table: A) -> Result<Self, A::Error> {
        let Range { from, to } = Range::deserialize(MapAccessDeserializer::new(table))?;
        Ok(Self { from, to })
    }
}

impl<'de> Either<'de> for Statuses {
    const EXPECTED: &'static str = "a status such as 200 or several such as [200, 303]";

    fn number<E: Error>(number: i64) -> Result<Self, E> {
        match u16::try_from(number) {
            Ok(status @ 200..=599) => Ok(Self(vec![status])),
            _ => Err(E::custom(format!(
                "{number} is no status of an answer, which is 200 to 599"
            ))),
        }
    }

    fn row<A: SeqAccess<'de>>(row: A) -> Result<Self, A::Error> {
        let statuses = Vec::<Self>::deserialize(SeqAccessDeserializer::new(row))?;
        Ok(Self(statuses.into_iter().flat_map(|one| one.0).collect()))
    }
}
