//! Formats numbers for people, and escapes text for a terminal.

use std::fmt::Write as _;
use std::time::Duration;

/// Formats a number with a comma every three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a number and the noun: `1 request`, `2,000 requests`.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { many }
    )
}

/// Formats a duration in its two largest units: `6 d 22 h`, `41 s`.
pub(super) fn span(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    for (at, (length, unit)) in UNITS.iter().enumerate() {
        if seconds < *length {
            continue;
        }
        let mut text = format!("{} {unit}", seconds / length);
        if let Some((smaller, name)) = UNITS.get(at + 1)
            && seconds % length / smaller > 0
        {
            let _infallible = write!(text, " {} {name}", seconds % length / smaller);
        }
        return text;
    }
    "0 s".to_owned()
}

/// Formats a latency: `184 us`, `9.4 ms`, `1.2 s`.
pub(super) fn latency(time: Duration) -> String {
    let us = time.as_micros();
    match us {
        0..1_000 => format!("{us} us"),
        1_000..10_000 => format!("{:.1} ms", us as f64 / 1e3),
        10_000..1_000_000 => format!("{:.0} ms", us as f64 / 1e3),
        _ => format!("{:.1} s", us as f64 / 1e6),
    }
}

/// Formats a size in the unit that fits: `812 B`, `17.8 KiB`, `64.0 MiB`.
pub(super) fn size(bytes: u64) -> String {
    const KIB: f64 = 1024.0;
    let bytes = bytes as f64;
    match bytes {
        ..KIB => format!("{bytes:.0} B"),
        ..1_048_576.0 => format!("{:.1} KiB", bytes / KIB),
        ..1_073_741_824.0 => format!("{:.1} MiB", bytes / KIB / KIB),
        _ => format!("{:.1} GiB", bytes / KIB / KIB / KIB),
    }
}

/// Formats a share in percent, `-` if the whole is 0.
pub(super) fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "-".to_owned(),
        // Less than all must not be rounded to 100%.
        _ if part < whole && part * 1000 / whole >= 999 => "99.9%".to_owned(),
        _ => format!("{:.1}%", part as f64 * 100.0 / whole as f64),
    }
}

/// Escapes control and format characters, so that no URL can control the terminal.
pub(super) fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let obeyed = c.is_control() || is_format(c);
            let plain = (!obeyed).then_some(c);
            plain
                .into_iter()
                .chain(obeyed.then(|| c.escape_unicode()).into_iter().flatten())
        })
        .collect()
}

/// Characters for direction and width, which make one URL look like another.
fn is_format(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Shortens a URL in its middle to a width: its beginning shows the kind, its end the file.
pub(super) fn shortened(text: &str, width: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(2);
    let (begin, end) = (kept / 2, kept - kept / 2);
    let begin: String = chars[..begin].iter().collect();
    let end: String = chars[chars.len() - end..].iter().collect();
    format!("{begin}..{end}")
}

/// Breaks a text into lines of a width, at its spaces.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_for_people() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [0, 1, 1_000].map(|n| counted(n, "request", "requests")),
            ["0 requests", "1 request", "1,000 requests"]
        );
        assert_eq!(
            [0, 59, 60, 3_700, 590_000].map(span),
            ["0 s", "59 s", "1 min", "1 h 1 min", "6 d 19 h"]
        );
        assert_eq!(
            [184, 9_449, 41_000, 1_200_000].map(|us| latency(Duration::from_micros(us))),
            ["184 us", "9.4 ms", "41 ms", "1.2 s"]
        );
        assert_eq!(size(18_204), "17.8 KiB");
        assert_eq!(
            [(0, 0), (1, 3), (99_999, 100_000), (5, 5)].map(|(part, whole)| percent(part, whole)),
            ["-", "33.3%", "99.9%", "100.0%"]
        );
    }

    #[test]
    fn no_address_moves_the_cursor_or_hides() {
        assert_eq!(
            escaped("/i/\x1b[2Ja\u{202e}.webp"),
            "/i/\\u{1b}[2Ja\\u{202e}.webp"
        );
        assert_eq!(escaped("/i/é.webp"), "/i/é.webp");
    }

    #[test]
    fn what_is_too_long_is_cut_in_the_middle_or_broken_at_spaces() {
        assert_eq!(
            shortened("/i/anna/0123456789/640.webp", 15),
            "/i/ann..40.webp"
        );
        assert_eq!(shortened("/i/a", 4), "/i/a");
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
    }
}
