//! A month of a year in UTC: a page of the archive.

use std::fmt;
use std::str::FromStr;

use time::{Date, Month as MonthName, OffsetDateTime, Time};

/// A month, written `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    month: MonthName,
}

/// A text that is no month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a month such as 2026-11")]
pub struct BadMonth;

impl Month {
    /// The month of a day.
    pub fn of(date: Date) -> Self {
        Self {
            year: date.year(),
            month: date.month(),
        }
    }

    /// The year.
    pub fn year(self) -> i32 {
        self.year
    }

    /// The month's English name.
    pub fn name(self) -> String {
        self.month.to_string()
    }

    /// The month's name in three letters.
    pub fn short_name(self) -> String {
        self.month.to_string().chars().take(3).collect()
    }

    /// The first day, as `photo_months` stores the month.
    pub fn first_day(self) -> Date {
        // The first exists in every month, and `FromStr` and `of` only let in years that `Date` holds.
        Date::from_calendar_date(self.year, self.month, 1).unwrap_or(Date::MIN)
    }

    /// The first instant of the month.
    pub fn begin(self) -> OffsetDateTime {
        self.first_day().with_time(Time::MIDNIGHT).assume_utc()
    }

    /// The first instant after the month.
    pub fn end(self) -> OffsetDateTime {
        let days = i64::from(self.month.length(self.year));
        self.begin() + time::Duration::days(days)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, u8::from(self.month))
    }
}

impl FromStr for Month {
    type Err = BadMonth;

    fn from_str(text: &str) -> Result<Self, BadMonth> {
        let (year, month) = text.split_once('-').ok_or(BadMonth)?;
        let digits =
            |part: &str, len| part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(BadMonth);
        }
        let number: u8 = month.parse().map_err(|_| BadMonth)?;
        Ok(Self {
            year: year.parse().map_err(|_| BadMonth)?,
            month: MonthName::try_from(number).map_err(|_| BadMonth)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_reads_back_and_has_its_bounds() {
        let month: Month = "2024-02".parse().unwrap();
        assert_eq!(month.to_string(), "2024-02");
        assert_eq!(month.begin().to_string(), "2024-02-01 0:00:00.0 +00:00:00");
        assert_eq!(month.end().to_string(), "2024-03-01 0:00:00.0 +00:00:00");
        assert_eq!("2024-12".parse::<Month>().unwrap().end().year(), 2025);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "2024",
            "2024-13",
            "2024-00",
            "24-01",
            "2024-1",
            "2024-01-01",
            "+024-01",
        ] {
            assert_eq!(text.parse::<Month>(), Err(BadMonth), "{text:?}");
        }
    }
}
