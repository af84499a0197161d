//! Evaluates media queries and `sizes`, as far as pictures on real pages use them.
//!
//! An unknown condition does not match, so the next entry decides, as in browsers.

use super::length::{self, Extent};

/// The width of a picture's slot by `sizes`; the width of the window when no entry is valid.
pub(super) fn slot_px(sizes: &str, extent: Extent) -> f64 {
    split_outside(sizes, |c| c == ',')
        .into_iter()
        .find_map(|entry| {
            let entry = entry.trim();
            // The length is the last word outside parentheses, or a calc(...).
            let words = split_outside(entry, |c| c.is_ascii_whitespace());
            let length = words.last()?;
            let condition = entry[..entry.len() - length.len()].trim();
            let fits = condition.is_empty() || matches(condition, extent);
            fits.then(|| length::px(length, extent)).flatten()
        })
        .filter(|px| *px > 0.0)
        .unwrap_or(extent.width_px)
}

/// Whether a media list matches a desktop screen with a light colour scheme, a mouse and one device
/// pixel a px; an empty list matches everything.
pub(super) fn matches(media: &str, extent: Extent) -> bool {
    media
        .split(',')
        .any(|query| query_matches(&query.trim().to_ascii_lowercase(), extent))
}

fn query_matches(query: &str, extent: Extent) -> bool {
    if let Some(negated) = query.strip_prefix("not ") {
        return known_terms(negated, extent) == Some(false);
    }
    known_terms(query.strip_prefix("only ").unwrap_or(query), extent) == Some(true)
}

/// Whether all terms hold; none when one is unknown, because then its negation does not hold either.
fn known_terms(query: &str, extent: Extent) -> Option<bool> {
    let mut all = true;
    for term in query.split(" and ") {
        let term = term.trim();
        all &= match term.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
            Some(feature) => feature_holds(feature.trim(), extent)?,
            None => matches!(term, "" | "all" | "screen"),
        };
    }
    Some(all)
}

fn feature_holds(feature: &str, extent: Extent) -> Option<bool> {
    let wide = extent.width_px >= extent.height_px;
    let Some((name, value)) = feature.split_once(':') else {
        return match feature {
            "color" | "hover" | "any-hover" | "pointer" | "any-pointer" | "width" | "height" => {
                Some(true)
            }
            _ => in_range(feature, extent),
        };
    };
    let value = value.trim();
    let name = name.trim();
    let (at_least, name) = match name.strip_prefix("-webkit-").unwrap_or(name) {
        name if name.starts_with("min-") => (Some(true), &name[4..]),
        name if name.starts_with("max-") => (Some(false), &name[4..]),
        name => (None, name),
    };
    let here = match name {
        "width" => extent.width_px,
        "height" => extent.height_px,
        "resolution" | "device-pixel-ratio" => 1.0,
        "prefers-color-scheme" => return Some(value == "light"),
        "prefers-reduced-motion" | "prefers-contrast" | "prefers-reduced-data" => {
            return Some(value == "no-preference");
        }
        "orientation" => return Some(value == if wide { "landscape" } else { "portrait" }),
        "hover" | "any-hover" => return Some(value == "hover"),
        "pointer" | "any-pointer" => return Some(value == "fine"),
        _ => return None,
    };
    let there = match name {
        "width" | "height" => length::px(value, extent)?,
        _ => dots_per_px(value)?,
    };
    Some(match at_least {
        Some(true) => here >= there,
        Some(false) => here <= there,
        None => (here - there).abs() < f64::EPSILON,
    })
}

/// A range such as `width >= 600px`, with the name on the left.
fn in_range(feature: &str, extent: Extent) -> Option<bool> {
    let sign_at = feature.find(['<', '>', '='])?;
    let (name, rest) = feature.split_at(sign_at);
    let value_at = rest.find(|c| !matches!(c, '<' | '>' | '='))?;
    let (sign, value) = rest.split_at(value_at);
    let here = match name.trim() {
        "width" => extent.width_px,
        "height" => extent.height_px,
        _ => return None,
    };
    let there = length::px(value, extent)?;
    Some(match sign {
        ">=" => here >= there,
        ">" => here > there,
        "<=" => here <= there,
        "<" => here < there,
        "=" => (here - there).abs() < f64::EPSILON,
        _ => return None,
    })
}

fn dots_per_px(value: &str) -> Option<f64> {
    let (number, dots) = match value {
        v if v.ends_with("dppx") => (&v[..v.len() - 4], 1.0),
        v if v.ends_with("dpi") => (&v[..v.len() - 3], 1.0 / 96.0),
        v => (v.strip_suffix('x').unwrap_or(v), 1.0),
    };
    Some(number.trim().parse::<f64>().ok()? * dots)
}

/// Splits at separators outside of parentheses.
fn split_outside(text: &str, separates: impl Fn(char) -> bool) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0 && separates(c)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::{Extent, matches, slot_px};

    #[test]
    fn sizes_takes_the_first_entry_that_fits_the_window() {
        let sizes = "(max-width: 600px) 100vw, (max-width: 80em) calc(50vw - 10px), 33vw";
        let slot = |sizes, width| slot_px(sizes, Extent::of_width(width)) as u32;
        assert_eq!(slot(sizes, 400), 400);
        assert_eq!(slot(sizes, 1280), 630);
        assert_eq!(slot(sizes, 2000), 660);
        assert_eq!(slot("", 1280), 1280);
        assert_eq!(slot("auto, 240px", 1280), 240);
        assert_eq!(slot("min(100vw, 63vh)", 1280), 453);
    }

    #[test]
    fn a_query_is_judged_as_by_a_desktop_browser() {
        for (media, expected) in [
            ("", true),
            ("all", true),
            ("only screen", true),
            ("print", false),
            ("not print", true),
            ("not screen", false),
            ("screen and (min-width: 600px)", true),
            ("(min-width:600px) and (max-width:900px)", false),
            ("print, (prefers-color-scheme: light)", true),
            ("(prefers-color-scheme: dark)", false),
            ("(orientation: landscape)", true),
            ("(width >= 1280px)", true),
            ("(width < 1280px)", false),
            ("(min-height: 720px)", true),
            ("(hover: none)", false),
            ("(hover)", true),
            ("(min-resolution: 2dppx)", false),
            ("(-webkit-min-device-pixel-ratio: 1)", true),
            ("(resolution: 96dpi)", true),
            ("(unheard-of: 1)", false),
            ("not (unheard-of: 1)", false),
        ] {
            assert_eq!(matches(media, Extent::of_width(1280)), expected, "{media}");
        }
    }
}
