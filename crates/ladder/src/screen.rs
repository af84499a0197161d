//! Prints the talk as it runs: with progress on a terminal, complete when piped.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How wide a line of text is.
const WIDTH: usize = 88;

/// How wide the name of a detail is.
const NAME_WIDTH: usize = 16;

/// How often the spinner moves.
const TICK: Duration = Duration::from_millis(120);

/// The standard output of the talk.
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

    /// Prints a line. A closed pipe is not an error: the talk must go on to create the index again.
    pub(super) fn line(&self, text: &str) {
        let mut out = std::io::stdout();
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    }

    /// Prints a heading after an empty line.
    pub(super) fn heading(&self, text: &str) {
        self.line("");
        if self.coloured {
            self.line(&format!("\x1b[1m{text}\x1b[0m"));
        } else {
            self.line(text);
        }
    }

    /// Prints a paragraph, wrapped to the width of the screen.
    pub(super) fn paragraph(&self, text: &str) {
        wrapped(text, WIDTH).iter().for_each(|line| self.line(line));
    }

    /// Prints a detail of a figure: a name, and a text wrapped to its right.
    pub(super) fn detail(&self, name: &str, text: &str) {
        let mut name = name;
        for line in wrapped(text, WIDTH - NAME_WIDTH) {
            self.line(&format!("  {name:<NAME_WIDTH$}{line}"));
            name = "";
        }
    }

    /// Shows a spinner until the value is dropped; nothing if the output is no terminal.
    pub(super) fn spinner(&self, what: &str) -> Spinner {
        let bar = ProgressBar::new_spinner().with_message(what.to_owned());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}, {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        Spinner(bar)
    }
}

/// Work in progress, shown by a spinner.
#[derive(Debug)]
pub(super) struct Spinner(ProgressBar);

impl Spinner {
    /// Changes the text beside the spinner.
    pub(super) fn at(&self, what: &str) {
        self.0.set_message(what.to_owned());
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("lines begins with one line");
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
