//! Parses loads and times: `500`, `0..500:10s,500:1m`, `7s`, `exp:7s`.

use std::str::FromStr;
use std::time::Duration;

use super::{Stage, Stages, Think};
use crate::Error;

/// Parses a time with its unit: `500ms`, `10s`, `1.5m`, `1h`.
///
/// # Errors
/// A sentence, when it is not a time.
pub fn parse_time(text: &str) -> Result<Duration, String> {
    let unit_at = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let in_unit = match unit {
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err("a time is a number with its unit: 500ms, 10s, 2m, 1h".to_owned()),
    };
    let number: f64 = number
        .trim()
        .parse()
        .map_err(|_| format!("{number:?} is not a number"))?;
    Duration::try_from_secs_f64(number * in_unit).map_err(|e| e.to_string())
}

impl FromStr for Stages {
    type Err = Error;

    /// Parses a number (`500`) or stages (`0..500:10s,500:1m`).
    fn from_str(text: &str) -> Result<Self, Error> {
        let number = |text: &str| {
            text.trim().parse::<f64>().map_err(|_| {
                Error::invalid(format!(
                    "{text:?} is not a number: a load is a number (500) or stages such as 0..500:10s,500:1m"
                ))
            })
        };
        if !text.contains(':') {
            return Self::constant(number(text)?);
        }
        let stage = |text: &str| {
            let (values, time) = text.split_once(':').ok_or_else(|| {
                Error::invalid(format!("the stage {text:?} needs a time: {text}:30s"))
            })?;
            let (from, to) = values.split_once("..").unwrap_or((values, values));
            Ok(Stage {
                from: number(from)?,
                to: number(to)?,
                time: parse_time(time.trim()).map_err(Error::invalid)?,
            })
        };
        Self::of(text.split(',').map(stage).collect::<Result<_, Error>>()?)
    }
}

impl FromStr for Think {
    type Err = Error;

    /// Parses a time (`2s`), or the mean of an exponential distribution (`exp:7s`).
    fn from_str(text: &str) -> Result<Self, Error> {
        let time = |text| parse_time(text).map_err(Error::invalid);
        match text.strip_prefix("exp:") {
            Some(mean) => Ok(Self::Exponential(time(mean)?)),
            None => Ok(Self::Fixed(time(text)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_are_read_as_written() {
        let stages: Stages = "0..500:10s, 500:1m".parse().unwrap();
        assert_eq!(stages.at(Duration::from_secs(5)), 250.0);
        assert_eq!(stages.at(Duration::from_secs(100)), 500.0);
        let constant: Stages = "2000".parse().unwrap();
        assert_eq!(constant.at(Duration::ZERO), 2000.0);
        for wrong in ["", "many", "0", "5:", "5..:3s", "1..2", "5:3s,6", "-1"] {
            assert!(wrong.parse::<Stages>().is_err(), "{wrong}");
        }
        let think: Think = "exp:7s".parse().unwrap();
        assert_eq!(think, Think::Exponential(Duration::from_secs(7)));
        assert!("7".parse::<Think>().is_err());
    }
}
