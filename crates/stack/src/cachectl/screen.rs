//! The output of live displays: redrawn in place on a terminal, printed once without control codes elsewhere.

use std::io::{self, IsTerminal as _, Write as _};

use terminal_size::{Height, Width, terminal_size};
use tokio::signal::unix::{SignalKind, signal};

/// The width and height if the output is not a terminal.
const PAGE: (usize, usize) = (80, 24);

/// Switches to the alternate screen, which preserves the terminal's content, and hides the cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";

/// Undoes both.
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

/// Moves the cursor to the upper left corner.
const HOME: &str = "\x1b[H";

/// Clears the rest of a line, or of the screen.
const CLEAR_LINE: &str = "\x1b[K";
const CLEAR_BELOW: &str = "\x1b[J";

/// A live display.
#[derive(Debug)]
pub struct Screen {
    is_live: bool,
    has_begun: bool,
    last: String,
}

impl Screen {
    /// Standard output; live if it is a terminal with cursor control.
    pub fn stdout() -> Self {
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Self {
            is_live: io::stdout().is_terminal() && !is_dumb,
            has_begun: false,
            last: String::new(),
        }
    }

    /// Whether the display is redrawn until the user interrupts it.
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// The number of columns and rows.
    pub fn size(&self) -> (usize, usize) {
        match terminal_size() {
            Some((Width(width), Height(height))) if self.is_live => {
                (usize::from(width), usize::from(height))
            }
            _ => PAGE,
        }
    }

    /// Draws a picture over the last one, cut to the size of the screen.
    ///
    /// # Errors
    ///
    /// When standard output is closed.
    pub fn draw(&mut self, picture: String) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if !self.is_live {
            out.write_all(picture.as_bytes())?;
            return out.flush();
        }
        if !self.has_begun {
            self.has_begun = true;
            out.write_all(ENTER.as_bytes())?;
        }
        let (width, height) = self.size();
        let lines: Vec<String> = picture
            .lines()
            .take(height)
            .map(|line| line.chars().take(width).collect())
            .collect();
        let lines = lines.join(&format!("{CLEAR_LINE}\r\n"));
        write!(out, "{HOME}{lines}{CLEAR_LINE}{CLEAR_BELOW}")?;
        self.last = picture;
        out.flush()
    }
}

/// Restores the terminal, and leaves the last picture on it.
impl Drop for Screen {
    fn drop(&mut self) {
        if self.has_begun {
            let mut out = io::stdout().lock();
            // A failed write cannot be reported any more.
            let _ = write!(out, "{LEAVE}{}", self.last).and_then(|()| out.flush());
        }
    }
}

/// Waits for Ctrl-C or SIGTERM. Signals count from the call on, not from the first poll.
pub fn interrupted() -> impl Future<Output = ()> {
    let signals = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    );
    async {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            // Without a handler the signals end the process themselves.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}
