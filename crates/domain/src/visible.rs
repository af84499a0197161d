//! Which characters of a text can be seen, by the properties of Unicode.
//!
//! A name made of zero-width spaces is a link with nothing to click on; U+202E makes the rest of the line
//! read backwards; an invisible letter makes two names that look the same. Each character that is not
//! drawn is therefore refused, except where a script or an emoji needs it: joiners between Persian
//! letters or within a family of emoji, variation selectors behind a heart, the tags of a flag.

use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, EmojiModifier, ExtendedPictographic,
    GeneralCategory, JoiningType, Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// How many combining marks one letter may carry: Hebrew with vowels and cantillation needs four. More of
/// them only cover the lines above and below.
const MARKS_IN_A_ROW_MAX: usize = 5;

/// Draws nothing, although its category is that of symbols.
const BRAILLE_BLANK: char = '\u{2800}';

const ZERO_WIDTH_NON_JOINER: char = '\u{200c}';
const ZERO_WIDTH_JOINER: char = '\u{200d}';
const EMOJI_STYLE: char = '\u{fe0f}';
const TEXT_STYLE: char = '\u{fe0e}';
const KEYCAP: char = '\u{20e3}';
const BLACK_FLAG: char = '\u{1f3f4}';
const TAG_END: char = '\u{e007f}';

/// Whether a text has a character that is not drawn or that changes the direction of its neighbours,
/// where no script and no emoji needs it.
pub(super) fn hides_something(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (0..chars.len()).any(|at| is_unseen(chars[at]) && !is_needed(&chars, at))
}

/// Whether a text has a visible character: blanks and combining marks alone do not count.
pub(super) fn shows_something(text: &str) -> bool {
    text.chars()
        .any(|c| !is_unseen(c) && !c.is_whitespace() && !is_mark(c))
}

/// Whether so many marks are stacked on one letter that they cover other lines.
pub(super) fn is_stacked(text: &str) -> bool {
    let mut row = Row::default();
    text.chars().any(|c| !row.has_room_for(c))
}

/// A text without the characters that [`hides_something`] finds and the marks that [`is_stacked`] finds.
pub(super) fn seen(text: &str) -> String {
    let mut row = Row::default();
    let chars: Vec<char> = text.chars().filter(|c| row.has_room_for(*c)).collect();
    let is_kept = |at: &usize| !is_unseen(chars[*at]) || is_needed(&chars, *at);
    let kept = (0..chars.len()).filter(is_kept);
    let mut text: String = kept.map(|at| chars[at]).collect();
    if hides_something(&text) {
        // Some were needed only beside others that are removed.
        text.retain(|c| !is_unseen(c));
    }
    text
}

/// The marks on the letter that was read last.
#[derive(Default)]
struct Row {
    marks: usize,
}

impl Row {
    /// Reads the next character; returns whether it is no mark too many. Characters that are not drawn begin
    /// no new letter.
    fn has_room_for(&mut self, c: char) -> bool {
        if is_mark(c) {
            self.marks += 1;
        } else if !is_unseen(c) {
            self.marks = 0;
        }
        !is_mark(c) || self.marks <= MARKS_IN_A_ROW_MAX
    }
}

/// Whether a character draws nothing by itself, blanks aside. Private characters count: what they show
/// depends on the machine.
fn is_unseen(c: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator, PrivateUse};
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || matches!(
            category(c),
            Control | Format | LineSeparator | ParagraphSeparator | PrivateUse
        )
        || c == BRAILLE_BLANK
        || is_noncharacter(c)
}

fn is_noncharacter(c: char) -> bool {
    let code = u32::from(c);
    code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code)
}

pub(super) fn is_mark(c: char) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark, SpacingMark};
    matches!(category(c), NonspacingMark | EnclosingMark | SpacingMark)
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

fn is_of(script: Script, c: char) -> bool {
    CodePointMapData::<Script>::new().get(c) == script
}

/// Whether the unseen character at this place changes how its neighbours are drawn.
fn is_needed(chars: &[char], at: usize) -> bool {
    let (before, after) = (&chars[..at], chars.get(at + 1));
    let previous = before.last().copied();
    match chars[at] {
        ZERO_WIDTH_JOINER if ends_with_emoji(before) => after.is_some_and(|c| is_pictograph(*c)),
        ZERO_WIDTH_JOINER | ZERO_WIDTH_NON_JOINER => {
            let goes_on = after.is_some_and(|c| !c.is_whitespace() && !is_unseen(*c));
            ends_with_virama(before) || (goes_on && ends_with_joining_letter(before))
        }
        EMOJI_STYLE | TEXT_STYLE => match previous {
            Some('0'..='9' | '#' | '*') => after == Some(&KEYCAP),
            previous => previous.is_some_and(is_pictograph),
        },
        // Variants of ideographs and of Mongolian letters.
        '\u{fe00}'..='\u{fe02}' | '\u{e0100}'..='\u{e01ef}' => {
            previous.is_some_and(|c| is_of(Script::Han, c))
        }
        '\u{180b}'..='\u{180d}' | '\u{180f}' => {
            previous.is_some_and(|c| is_of(Script::Mongolian, c) && !is_unseen(c))
        }
        // The flag of England: a black flag and small letters that are not drawn, closed by their end.
        '\u{e0020}'..='\u{e007e}' => is_in_flag(before) && after.is_some_and(|c| is_tag(*c)),
        TAG_END => previous.is_some_and(is_tag) && is_in_flag(before),
        _ => false,
    }
}

fn is_pictograph(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
}

/// Whether the text ends with an emoji, its style and skin tone aside.
fn ends_with_emoji(text: &[char]) -> bool {
    let tones = CodePointSetData::new::<EmojiModifier>();
    let mut from_end = text.iter().rev();
    from_end
        .find(|c| **c != EMOJI_STYLE && !tones.contains(**c))
        .is_some_and(|c| is_pictograph(*c))
}

/// Whether the text ends with a letter that joins others, its vowel signs aside.
fn ends_with_joining_letter(text: &[char]) -> bool {
    let joining = CodePointMapData::<JoiningType>::new();
    let kinds = text.iter().rev().map(|c| joining.get(*c));
    let mut kinds = kinds.skip_while(|kind| *kind == JoiningType::Transparent);
    kinds.next().is_some_and(|kind| {
        kind == JoiningType::DualJoining
            || kind == JoiningType::RightJoining
            || kind == JoiningType::LeftJoining
    })
}

/// Whether the text ends with a virama, the sign that takes the vowel from an Indic letter: a joiner after it
/// chooses the form of the letter.
fn ends_with_virama(text: &[char]) -> bool {
    let classes = CodePointMapData::<CanonicalCombiningClass>::new();
    text.last()
        .is_some_and(|c| classes.get(*c) == CanonicalCombiningClass::Virama)
}

fn is_tag(c: char) -> bool {
    ('\u{e0020}'..=TAG_END).contains(&c)
}

fn is_in_flag(before: &[char]) -> bool {
    let mut from_end = before.iter().rev();
    from_end.find(|c| !is_tag(**c)) == Some(&BLACK_FLAG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_drawn_or_turns_text_around_is_found() {
        for unseen in [
            "\0",
            "\u{1b}[31m",
            "\u{ad}",
            "\u{34f}",
            "\u{61c}",
            "\u{115f}",
            "\u{1160}",
            "\u{180e}",
            "\u{200b}",
            "\u{200c}",
            "\u{200d}",
            "\u{200e}",
            "\u{200f}",
            "\u{2028}",
            "\u{2029}",
            "\u{202a}",
            "\u{202d}",
            "\u{202e}",
            "\u{2060}",
            "\u{2066}",
            "\u{2069}",
            "\u{2800}",
            "\u{3164}",
            "\u{feff}",
            "\u{ffa0}",
            "\u{fff9}",
            "\u{fe0f}",
            "\u{e0041}",
            "\u{e000}",
            "\u{ffff}",
            "\u{1d173}",
        ] {
            for around in ["", "Ann"] {
                let text = format!("{around}{unseen}{around}");
                assert!(hides_something(&text), "{text:?}");
            }
        }
    }

    #[test]
    fn what_scripts_and_emoji_need_may_stay() {
        for needed in [
            "",
            "Ann Lind",
            "Åsa Nyström",
            "Zoë e\u{301}",
            "می\u{200c}خواهم",
            "ශ\u{dca}\u{200d}රී",
            "ന\u{d4d}\u{200d}",
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
            "\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}",
            "\u{1f469}\u{1f3fd}\u{200d}\u{1f680}",
            "\u{2764}\u{fe0f}",
            "\u{1f1e9}\u{1f1ea}",
            "1\u{fe0f}\u{20e3}",
            "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "葛\u{e0100}飾区",
            "שלום",
            "山田\u{3000}太郎",
        ] {
            assert!(!hides_something(needed), "{needed:?}");
        }
    }

    #[test]
    fn joiners_where_nothing_joins_make_two_names_of_one() {
        for text in [
            "R\u{200d}ui",
            "R\u{200c}ui",
            "e\u{301}\u{200d}a",
            "می\u{200c}",
            "می\u{200c} خ",
            "می\u{200c}\u{200c}خ",
            "R\u{fe0f}ui",
            "1\u{fe0f}",
            "\u{1f468}\u{200d}",
            "\u{1f468}\u{200d}a",
            "\u{1f3f4}\u{e0067}",
            "a\u{e0067}\u{e007f}",
        ] {
            assert!(hides_something(text), "{text:?}");
        }
    }

    #[test]
    fn blanks_and_marks_alone_show_nothing() {
        for nothing in [
            "",
            " ",
            "\u{a0}\u{3000}",
            "\u{301}\u{302}",
            "\u{34f}\u{34f}",
        ] {
            assert!(!shows_something(nothing), "{nothing:?}");
        }
        for something in ["a", ".", "\u{2764}\u{fe0f}", "e\u{301}", "木"] {
            assert!(shows_something(something), "{something:?}");
        }
        assert!(!is_stacked("e\u{301}\u{302}\u{303}"));
        assert!(is_stacked(&format!("e{}", "\u{301}".repeat(6))));
        let joined = "\u{64b}\u{64b}\u{64b}\u{200d}";
        assert!(is_stacked(&format!("\u{645}{}", joined.repeat(3))));
    }
}
