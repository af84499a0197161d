//! The twenty years of the demo set. Times are whole seconds since 1970, UTC.

use std::sync::LazyLock;

use time::Date;

/// Seconds of a day.
pub(crate) const DAY_S: i64 = 86_400;

/// The first account: 1 November 2006.
pub(crate) const START_AT: i64 = 1_162_339_200;

/// The end of the demo set, 1 November 2026, whatever the date is: all times are before it.
pub(crate) const END_AT: i64 = 1_793_491_200;

/// Seconds from the first account to the end.
pub(crate) const SPAN_S: u32 = (END_AT - START_AT) as u32;

/// The first day on which a photo may have been taken: 1 January 2006.
const FIRST_DAY_AT: i64 = 1_136_073_600;

/// A day, counted from the first on which a photo may have been taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(pub(crate) u16);

impl Day {
    /// The day of a moment; the first day for all earlier moments.
    pub(crate) fn of(at: i64) -> Self {
        Self(((at - FIRST_DAY_AT).max(0) / DAY_S) as u16)
    }

    /// The day `days` later, or earlier if negative, but never before the first.
    pub(crate) fn plus(self, days: i64) -> Self {
        Self((i64::from(self.0) + days).clamp(0, i64::from(u16::MAX)) as u16)
    }

    /// Its midnight.
    pub(crate) fn start_at(self) -> i64 {
        FIRST_DAY_AT + i64::from(self.0) * DAY_S
    }

    /// Its month, counted from that of the first day.
    pub(crate) fn month(self) -> Month {
        Month(MONTHS.get(usize::from(self.0)).copied().unwrap_or(0))
    }
}

/// A month, counted from January 2006.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Month(pub(crate) u16);

/// The month of each day up to the end.
static MONTHS: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let days = (END_AT - FIRST_DAY_AT) / DAY_S;
    let first =
        time::OffsetDateTime::UNIX_EPOCH.date().to_julian_day() + (FIRST_DAY_AT / DAY_S) as i32;
    (0..=days as i32)
        .filter_map(|day| Date::from_julian_day(first + day).ok())
        .map(|date| (date.year() - 2006) as u16 * 12 + u16::from(u8::from(date.month())) - 1)
        .collect()
});

const NAMES: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Month {
    /// The English name.
    pub(crate) fn name(self) -> &'static str {
        NAMES[usize::from(self.0 % 12)]
    }

    /// From May to October: summer on the northern half of the earth.
    pub(crate) fn is_summery(self) -> bool {
        (4..10).contains(&(self.0 % 12))
    }

    /// The year.
    pub(crate) fn year(self) -> i32 {
        2006 + i32::from(self.0 / 12)
    }

    /// The midnight at which it began.
    pub(crate) fn start_at(self) -> i64 {
        let first = MONTHS.partition_point(|month| *month < self.0);
        Day(first as u16).start_at()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_know_their_months() {
        assert_eq!(Day::of(FIRST_DAY_AT).month(), Month(0));
        let leap = Day::of(1_709_164_800); // 29 February 2024
        assert_eq!(
            (leap.month().name(), leap.month().year()),
            ("February", 2024)
        );
        assert_eq!(leap.plus(1).month().name(), "March");
        assert_eq!(leap.month().start_at(), 1_706_745_600);
        assert_eq!(Day::of(END_AT - 1).month().name(), "October");
        assert_eq!(Day(3).plus(-9), Day(0));
    }
}
