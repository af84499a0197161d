//! What an upload is, learned once when it arrives.

use time::OffsetDateTime;

use super::decode::{Opened, Refusal, guarded};
use super::{Format, colour, exif, resize};

/// How wide the copy is whose average is the tone.
const TONE_WIDTH: u32 = 32;

/// What a row of `photos` needs to know about a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Told by the content, whatever the file was called.
    pub format: Format,
    /// As seen upright.
    pub width: u32,
    /// As seen upright.
    pub height: u32,
    /// When the shutter was pressed by the camera's own clock, read as UTC; none if it did not say.
    pub taken_at: Option<OffsetDateTime>,
    /// The average colour, an index into the 6 x 6 x 6 cube.
    pub tone: u8,
}

/// Reads an upload completely, so that what is accepted here can be rendered later; unpacks nothing that needs more
/// than this much memory.
///
/// Takes as long as unpacking takes: not for an async thread.
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
