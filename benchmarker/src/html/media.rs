//! As much of media conditions and `sizes` as pictures on real pages use.
//!
//! What is not understood does not match, so the next entry decides, as a
//! browser does with what it does not know.

/// The size of `1em` in a `sizes` attribute, which knows no style sheet.
const EM_PX: f64 = 16.0;

/// The width of the slot that `sizes` gives a picture; the whole window when
/// it says nothing that we understand.
pub(super) fn slot_px(sizes: &str, window_px: u32) -> f64 {
    split_outside(sizes, ',')
        .into_iter()
        .find_map(|entry| {
            let entry = entry.trim();
            // The length is the last word outside parentheses, or a calc(...).
            let words = split_outside(entry, ' ');
            let length = words.last()?;
            let condition = entry[..entry.len() - length.len()].trim();
            let fits = condition.is_empty() || matches(condition, window_px);
            fits.then(|| length_px(length, window_px)).flatten()
        })
        .filter(|px| *px > 0.0)
        .unwrap_or(f64::from(window_px))
}

/// Whether a media list matches a wide, light screen of this width.
pub(super) fn matches(media: &str, window_px: u32) -> bool {
    media
        .split(',')
        .any(|query| query_matches(&query.trim().to_ascii_lowercase(), window_px))
}

fn query_matches(query: &str, window_px: u32) -> bool {
    query.split(" and ").all(|term| {
        let term = term.trim();
        let inner = term.trim_start_matches('(').trim_end_matches(')');
        match inner
            .split_once(':')
            .map(|(name, value)| (name.trim(), value.trim()))
        {
            None => matches!(inner, "" | "all" | "screen" | "only screen"),
            Some(("min-width", v)) => {
                length_px(v, window_px).is_some_and(|px| f64::from(window_px) >= px)
            }
            Some(("max-width", v)) => {
                length_px(v, window_px).is_some_and(|px| f64::from(window_px) <= px)
            }
            Some(("prefers-color-scheme", v)) => v == "light",
            Some(("orientation", v)) => v == "landscape",
            Some(_) => false,
        }
    })
}

/// A length in px; `calc` may add and subtract lengths.
fn length_px(length: &str, window_px: u32) -> Option<f64> {
    let length = length.trim();
    if let Some(sum) = length
        .strip_prefix("calc(")
        .and_then(|l| l.strip_suffix(')'))
    {
        let mut words = sum.split_ascii_whitespace();
        let mut total = length_px(words.next()?, window_px)?;
        while let Some(sign) = words.next() {
            let term = length_px(words.next()?, window_px)?;
            match sign {
                "+" => total += term,
                "-" => total -= term,
                _ => return None,
            }
        }
        return Some(total);
    }
    let unit_at = length
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(length.len());
    let number: f64 = length[..unit_at].parse().ok()?;
    match &length[unit_at..] {
        "px" => Some(number),
        "vw" => Some(number * f64::from(window_px) / 100.0),
        "em" | "rem" => Some(number * EM_PX),
        "" if number == 0.0 => Some(0.0),
        _ => None,
    }
}

/// Splits where the separator stands outside of parentheses.
fn split_outside(text: &str, separator: char) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0 && c == separator
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::{matches, slot_px};

    #[test]
    fn sizes_takes_the_first_entry_that_fits_the_window() {
        let sizes = "(max-width: 600px) 100vw, (max-width: 80em) calc(50vw - 10px), 33vw";
        assert_eq!(slot_px(sizes, 400) as u32, 400);
        assert_eq!(slot_px(sizes, 1280) as u32, 630);
        assert_eq!(slot_px(sizes, 2000) as u32, 660);
        assert_eq!(slot_px("", 1280) as u32, 1280);
        assert_eq!(slot_px("auto, 240px", 1280) as u32, 240);
    }

    #[test]
    fn unknown_conditions_do_not_match() {
        assert!(matches("screen and (min-width: 600px)", 1280));
        assert!(matches("print, (prefers-color-scheme: light)", 1280));
        assert!(!matches("(prefers-color-scheme: dark)", 1280));
        assert!(!matches("(hover: none)", 1280));
    }
}
