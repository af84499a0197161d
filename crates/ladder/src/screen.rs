//! What a person sees while the talk runs: calm on a terminal, whole when piped.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How wide a line of the story is.
const WIDTH: usize = 88;

/// How wide the name beside a figure is.
const NAME_WIDTH: usize = 16;

/// How often the picture of progress moves.
const TICK: Duration = Duration::from_millis(120);

/// Where the talk is told.
#[derive(Debug)]
pub(super) struct Screen {
    coloured: bool,
}

impl Screen {
    pub(super) fn new() -> Self {
        let terminal = std::io::stdout().is_terminal();
        Self {
            coloured: terminal && std::env::var_os("NO_COLOR").is_none(),
        }
    }

    /// A line as it is. A reader that is gone is no reason to leave the index dropped.
    pub(super) fn line(&self, text: &str) {
        let mut out = std::io::stdout();
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    }

    /// A heading, with a line of air before it.
    pub(super) fn heading(&self, text: &str) {
        self.line("");
        if self.coloured {
            self.line(&format!("\x1b[1m{text}\x1b[0m"));
        } else {
            self.line(text);
        }
    }

    /// A sentence or two, broken where the line ends.
    pub(super) fn tell(&self, text: &str) {
        wrapped(text, WIDTH).iter().for_each(|line| self.line(line));
    }

    /// What stands beside a figure: a name, and words that stay to its right.
    pub(super) fn beside(&self, name: &str, text: &str) {
        let mut name = name;
        for line in wrapped(text, WIDTH - NAME_WIDTH) {
            self.line(&format!("  {name:<NAME_WIDTH$}{line}"));
            name = "";
        }
    }

    /// Shows that something is under way, until it is dropped. Nothing is shown where nobody looks.
    pub(super) fn under_way(&self, what: &str) -> UnderWay {
        let bar = ProgressBar::new_spinner().with_message(what.to_owned());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}, {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        UnderWay(bar)
    }
}

/// Something that is under way.
#[derive(Debug)]
pub(super) struct UnderWay(ProgressBar);

impl UnderWay {
    /// Says what it is at.
    pub(super) fn at(&self, what: &str) {
        self.0.set_message(what.to_owned());
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a first line");
        if line.is_empty() {
            *line = word.to_owned();
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
    fn a_sentence_is_broken_between_words() {
        assert_eq!(wrapped("a bc def ghij", 6), ["a bc", "def", "ghij"]);
        assert_eq!(wrapped("", 6), [""]);
    }
}
