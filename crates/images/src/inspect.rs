//! Inspects an upload once, when it arrives: its format, size, date and tone.

use time::OffsetDateTime;

use super::decode::{Opened, Refusal, guarded};
use super::{Format, colour, exif, resize};

/// How wide the copy is whose average is the tone.
const TONE_WIDTH: u32 = 32;

/// The facts about a picture that its row in `photos` stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The format of the content, whatever the name of the file.
    pub format: Format,
    /// In pixels, upright.
    pub width: u32,
    /// In pixels, upright.
    pub height: u32,
    /// When the shutter was pressed by the camera's clock, read as UTC; none if the file has no date.
    pub taken_at: Option<OffsetDateTime>,
    /// The average colour, an index into the 6 x 6 x 6 cube.
    pub tone: u8,
}

/// Decodes an upload completely, so that an accepted file can be rendered later; refuses to decode one that needs more
/// than this much memory.
///
/// Blocks for the time of the decoding: not for an async thread.
pub fn inspect(bytes: &[u8], memory_bytes_max: u64) -> Result<Facts, Refusal> {
    guarded(|| {
        let opened = Opened::read(bytes)?;
        let format = opened.format;
        let (width, height) = opened.upright_size();
        let taken_at = opened.exif.as_deref().and_then(exif::taken_at);
        let small = resize::shrink(opened.decode(memory_bytes_max)?, TONE_WIDTH)?;
        Ok(Facts {
            format,
            width,
            height,
            taken_at,
            tone: colour::tone(&small),
        })
    })
}
