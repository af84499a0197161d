//! Formats numbers for people.

/// A rate: whole numbers with separated thousands, below ten with one decimal.
pub(super) fn rate(value: f64) -> String {
    if value < 10.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with separated thousands.
pub(super) fn count(value: u64) -> String {
    if value < 10 {
        return value.to_string();
    }
    rate(value as f64)
}

/// A time in milliseconds, with three significant digits.
pub(super) fn ms(value: f64) -> String {
    match value {
        v if v < 0.995 => format!("{v:.3}"),
        v if v < 9.95 => format!("{v:.2}"),
        v if v < 99.5 => format!("{v:.1}"),
        v => rate(v),
    }
}

/// A factor.
pub(super) fn factor(value: f64) -> String {
    match value {
        v if v < 0.995 => format!("x{v:.2}"),
        v if v < 9.95 => format!("x{v:.1}"),
        v => format!("x{v:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_mean_something() {
        let rates = [7.25, 212.4, 8031.0, 1_234_567.0].map(rate);
        assert_eq!(rates, ["7.2", "212", "8,031", "1,234,567"]);
        let times = [0.2345, 2.345, 23.45, 2345.0].map(ms);
        assert_eq!(times, ["0.234", "2.35", "23.4", "2,345"]);
        let factors = [0.149, 1.52, 38.4].map(factor);
        assert_eq!(factors, ["x0.15", "x1.5", "x38"]);
    }
}
