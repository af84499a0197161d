//! Chooses the candidate of a `srcset` that a browser would fetch.

/// The candidate for a slot of this width, at one device pixel a CSS pixel: the smallest that is large
/// enough, or the largest.
pub(super) fn choose(srcset: &str, slot_px: f64) -> Option<&str> {
    let mut candidates = candidates(srcset, slot_px);
    candidates.sort_by(|a, b| a.1.total_cmp(&b.1));
    let fits = candidates.iter().find(|(_, density)| *density >= 1.0);
    fits.or(candidates.last()).map(|(url, _)| *url)
}

/// Every candidate with its density: the number of its pixels for one pixel of the screen.
fn candidates(srcset: &str, slot_px: f64) -> Vec<(&str, f64)> {
    let mut rest = srcset;
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        if rest.is_empty() {
            return found;
        }
        let end = rest
            .find(|c: char| c.is_ascii_whitespace())
            .unwrap_or(rest.len());
        let (url, after) = rest.split_at(end);
        // Addresses may contain commas: only a comma at the end separates.
        let bare = url.trim_end_matches(',');
        let descriptor = if bare.len() < url.len() {
            rest = after;
            ""
        } else {
            let stop = after.find(',').unwrap_or(after.len());
            rest = &after[stop..];
            after[..stop].trim()
        };
        if let Some(density) = density(descriptor, slot_px) {
            found.push((bare, density));
        }
    }
}

fn density(descriptor: &str, slot_px: f64) -> Option<f64> {
    let mut density = 1.0;
    for word in descriptor.split_ascii_whitespace() {
        let (number, unit) = word.split_at(word.len() - word.chars().next_back()?.len_utf8());
        let number: f64 = number.parse().ok().filter(|n: &f64| *n > 0.0)?;
        match unit {
            "w" => density = number / slot_px,
            "x" => density = number,
            "h" => {}
            _ => return None,
        }
    }
    Some(density)
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn the_smallest_that_is_big_enough_else_the_largest() {
        let set = "a.jpg 320w,b.jpg 640w , c.jpg 1280w";
        assert_eq!(choose(set, 300.0), Some("a.jpg"));
        assert_eq!(choose(set, 321.0), Some("b.jpg"));
        assert_eq!(choose(set, 4000.0), Some("c.jpg"));
        assert_eq!(choose("one.jpg, two.jpg 2x", 500.0), Some("one.jpg"));
    }

    #[test]
    fn commas_in_addresses_and_unknown_descriptors_are_survived() {
        assert_eq!(choose("/a,b.jpg 1x", 500.0), Some("/a,b.jpg"));
        assert_eq!(choose("a.jpg 7q, b.jpg", 500.0), Some("b.jpg"));
        assert_eq!(choose(" , ", 500.0), None);
    }
}
