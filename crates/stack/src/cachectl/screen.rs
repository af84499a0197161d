//! Where pictures are shown: drawn anew each time on a terminal, once and without control codes elsewhere.

use std::io::{self, IsTerminal as _, Write as _};

use terminal_size::{Height, Width, terminal_size};
use tokio::signal::unix::{SignalKind, signal};

/// How wide and high a page is that is no terminal.
const PAGE: (usize, usize) = (80, 24);

/// Takes the second page of the terminal, so that what stood there comes back, and hides the cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";

/// Gives both back.
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

/// Goes to the upper left corner.
const HOME: &str = "\x1b[H";

/// Clears what an earlier picture left of a line, or of the page.
const CLEAR_LINE: &str = "\x1b[K";
const CLEAR_BELOW: &str = "\x1b[J";

/// A place for pictures.
#[derive(Debug)]
pub struct Screen {
    is_live: bool,
    has_begun: bool,
    last: String,
}

impl Screen {
    /// Standard output, live if it is a terminal that can be drawn on.
    pub fn stdout() -> Self {
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Self {
            is_live: io::stdout().is_terminal() && !is_dumb,
            has_begun: false,
            last: String::new(),
        }
    }

    /// Whether pictures are drawn again and again, until somebody has seen enough.
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// How many columns and rows there are.
    pub fn size(&self) -> (usize, usize) {
        match terminal_size() {
            Some((Width(width), Height(height))) if self.is_live => {
                (usize::from(width), usize::from(height))
            }
            _ => PAGE,
        }
    }

    /// Shows a picture in the place of the last one, as much of it as there is room for.
    ///
    /// # Errors
    ///
    /// When nobody takes it any more.
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

/// The terminal is as it was, and the last picture stays to be read.
impl Drop for Screen {
    fn drop(&mut self) {
        if self.has_begun {
            let mut out = io::stdout().lock();
            // Nobody is left to be told.
            let _ = write!(out, "{LEAVE}{}", self.last).and_then(|()| out.flush());
        }
    }
}

/// Waits until somebody has seen enough: Ctrl-C, or the polite signal. Heard from the call on.
pub fn interrupted() -> impl Future<Output = ()> {
    let signals = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    );
    async {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            // Without a handler the signals end us by themselves.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}
