//! Parses CSS lengths of `sizes` and media conditions: units, `calc`, `min`, `max`, `clamp`.

/// The size of `1em` without a style sheet.
const EM_PX: f64 = 16.0;
/// How deep sums may be nested, so that a malicious page cannot exhaust the stack.
const DEPTH_MAX: u32 = 32;

/// The size of the window that lengths are relative to, in CSS px.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) width_px: f64,
    pub(super) height_px: f64,
}

impl Extent {
    /// A window of this width, with the height of a screen of 16 to 9, because plans have a width only.
    pub(super) fn of_width(width_px: u32) -> Self {
        let width_px = f64::from(width_px);
        Self {
            width_px,
            height_px: (width_px * 9.0 / 16.0).round(),
        }
    }
}

/// The value of a length in px; none when it is not a valid length.
pub(super) fn px(text: &str, extent: Extent) -> Option<f64> {
    let mut reader = Reader {
        rest: text.trim(),
        extent,
        depth: 0,
    };
    let value = reader.value()?;
    (reader.rest.is_empty() && (value.is_length || value.number == 0.0)).then_some(value.number)
}

/// A length in px or a plain number.
#[derive(Clone, Copy)]
struct Value {
    number: f64,
    is_length: bool,
}

struct Reader<'t> {
    rest: &'t str,
    extent: Extent,
    depth: u32,
}

impl Reader<'_> {
    /// A number with its unit, a sum in parentheses, or a function of sums.
    fn value(&mut self) -> Option<Value> {
        let name_end = self
            .rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(self.rest.len());
        let name = self.rest[..name_end].to_ascii_lowercase();
        let Some(inner) = self.rest[name_end..].strip_prefix('(') else {
            return self.number();
        };
        self.rest = inner;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let mut values = vec![self.sum()?];
        while self.eat(',') {
            values.push(self.sum()?);
        }
        self.depth -= 1;
        if !self.eat(')') {
            return None;
        }
        let numbers = values.iter().map(|value| value.number);
        let number = match (name.as_str(), &values[..]) {
            ("" | "calc", [only]) => only.number,
            ("min", _) => numbers.fold(f64::INFINITY, f64::min),
            ("max", _) => numbers.fold(f64::NEG_INFINITY, f64::max),
            ("clamp", [least, wish, most]) => wish.number.min(most.number).max(least.number),
            _ => return None,
        };
        Some(Value {
            number,
            is_length: values[0].is_length,
        })
    }

    fn sum(&mut self) -> Option<Value> {
        let mut total = self.product()?;
        loop {
            let sign = match () {
                () if self.eat('+') => 1.0,
                () if self.eat('-') => -1.0,
                () => return Some(total),
            };
            let term = self.product()?;
            if term.is_length != total.is_length {
                return None;
            }
            total.number += sign * term.number;
        }
    }

    fn product(&mut self) -> Option<Value> {
        let mut total = self.spaced_value()?;
        loop {
            if self.eat('*') {
                let factor = self.spaced_value()?;
                if total.is_length && factor.is_length {
                    return None;
                }
                total.number *= factor.number;
                total.is_length |= factor.is_length;
            } else if self.eat('/') {
                let divisor = self.spaced_value()?;
                if divisor.is_length || divisor.number == 0.0 {
                    return None;
                }
                total.number /= divisor.number;
            } else {
                return Some(total);
            }
        }
    }

    fn spaced_value(&mut self) -> Option<Value> {
        self.rest = self.rest.trim_start();
        self.value()
    }

    fn number(&mut self) -> Option<Value> {
        let signless = self.rest.trim_start_matches(['+', '-']);
        let digits = signless
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(signless.len());
        let (number, rest) = self
            .rest
            .split_at(self.rest.len() - signless.len() + digits);
        let number: f64 = number.parse().ok()?;
        let unit_end = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let (unit, rest) = rest.split_at(unit_end);
        self.rest = rest;
        let Extent {
            width_px: w,
            height_px: h,
        } = self.extent;
        let unit_px = match unit.to_ascii_lowercase().as_str() {
            "px" => 1.0,
            "em" | "rem" => EM_PX,
            "ex" | "ch" => EM_PX / 2.0,
            "vw" | "svw" | "lvw" | "dvw" => w / 100.0,
            "vh" | "svh" | "lvh" | "dvh" => h / 100.0,
            "vmin" => w.min(h) / 100.0,
            "vmax" => w.max(h) / 100.0,
            "in" => 96.0,
            "cm" => 96.0 / 2.54,
            "mm" => 9.6 / 2.54,
            "pt" => 96.0 / 72.0,
            "pc" => 16.0,
            "" => {
                return Some(Value {
                    number,
                    is_length: false,
                });
            }
            _ => return None,
        };
        Some(Value {
            number: number * unit_px,
            is_length: true,
        })
    }

    fn eat(&mut self, expected: char) -> bool {
        let rest = self.rest.trim_start().strip_prefix(expected);
        if let Some(rest) = rest {
            self.rest = rest;
        }
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::{Extent, px};

    #[test]
    fn lengths_are_computed_as_css_does() {
        let extent = Extent::of_width(1280);
        for (text, expected) in [
            ("240px", Some(240.0)),
            ("50vw", Some(640.0)),
            ("50VH", Some(360.0)),
            ("10vmin", Some(72.0)),
            ("1.5em", Some(24.0)),
            ("72pt", Some(96.0)),
            ("0", Some(0.0)),
            ("-3px", Some(-3.0)),
            ("calc(50vw - 10px)", Some(630.0)),
            ("calc((100vw - 3 * 8px) / 4)", Some(314.0)),
            ("calc(2*(10px + 1em))", Some(52.0)),
            ("min(100vw, 84vh)", Some(604.8)),
            ("max(10px, 2em, 20px)", Some(32.0)),
            ("clamp(150px, 22vw, 300px)", Some(281.6)),
            ("5", None),
            ("5%", None),
            ("auto", None),
            ("calc(1px + 2)", None),
            ("calc(1px / 0)", None),
            ("calc(1px", None),
            ("", None),
        ] {
            let found = px(text, extent);
            let same = match (found, expected) {
                (Some(f), Some(e)) => (f - e).abs() < 1e-6,
                (found, expected) => found == expected,
            };
            assert!(same, "{text}: {found:?}, not {expected:?}");
        }
    }

    #[test]
    fn a_hostile_nesting_is_given_up() {
        assert_eq!(px(&"(".repeat(100_000), Extent::of_width(1280)), None);
    }
}
