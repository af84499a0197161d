//! Formats numbers for text, axes and tables.

/// A count or a rate with thousands separators; below ten with one decimal unless it is whole.
pub(crate) fn count(value: f64) -> String {
    if !value.is_finite() {
        return "none".to_owned();
    }
    if value.abs() < 9.95 && value.fract().abs() > 0.005 {
        return format!("{value:.1}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::from(if value < 0.0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time in milliseconds with its significant digits, without a unit.
pub(crate) fn ms(value: f64) -> String {
    match value {
        v if v < 0.9995 => format!("{v:.3}"),
        v if v < 9.995 => format!("{v:.2}"),
        v if v < 99.95 => format!("{v:.1}"),
        v => count(v),
    }
}

/// A time given in microseconds, in the largest unit that leaves a number of at least one.
pub(crate) fn time(us: f64) -> String {
    let (value, unit) = match us {
        v if v < 999.5 => (v, "us"),
        v if v < 999_500.0 => (v / 1e3, "ms"),
        v => (v / 1e6, "s"),
    };
    let figures = match value {
        v if (v - v.round()).abs() < 0.005 => format!("{v:.0}"),
        v if v < 9.995 => format!("{v:.2}"),
        v if v < 99.95 => format!("{v:.1}"),
        v => count(v),
    };
    format!("{figures} {unit}")
}

/// A share from 0 to 1.
pub(crate) fn percent(share: f64) -> String {
    match share * 100.0 {
        v if v > 0.0 && v < 0.095 => "under 0.1 %".to_owned(),
        v if v < 9.95 && v.fract() > 0.005 => format!("{v:.1} %"),
        v => format!("{v:.0} %"),
    }
}

/// A number of bytes, in the unit that leaves at most four digits.
pub(crate) fn bytes(value: f64) -> String {
    match value {
        v if v < 1e4 => format!("{v:.0} bytes"),
        v if v < 1e6 => format!("{:.1} kB", v / 1e3),
        v if v < 1e9 => format!("{:.1} MB", v / 1e6),
        v => format!("{:.2} GB", v / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_mean_something() {
        let counts = [0.0, 2.5, 999.6, 1_234_567.0, -1500.0].map(count);
        assert_eq!(counts, ["0", "2.5", "1,000", "1,234,567", "-1,500"]);
        assert_eq!(
            [0.2345, 2.345, 23.45, 2345.0].map(ms),
            ["0.234", "2.35", "23.4", "2,345"]
        );
        let times = [1.0, 330.0, 1000.0, 12_500.0, 2_310_000.0].map(time);
        assert_eq!(times, ["1 us", "330 us", "1 ms", "12.5 ms", "2.31 s"]);
        assert_eq!(
            [0.0, 0.0002, 0.052, 0.9].map(percent),
            ["0 %", "under 0.1 %", "5.2 %", "90 %"]
        );
        assert_eq!(
            [512.0, 34_200.0, 7.96e7, 3e9].map(bytes),
            ["512 bytes", "34.2 kB", "79.6 MB", "3.00 GB"]
        );
    }
}
