//! Reads the chunks of a WebP file before anything is decoded: whether it is complete, and whether its
//! data can hold the picture.

use super::decode::Refusal;

/// How many bits each 16 x 16 block of a lossy picture takes at least: the modes of its brightness
/// and its colours are written with fixed probabilities, of which the likeliest choice costs 3.38
/// bits, however plain the picture is. (That of a lossless picture may cost nothing at all: one of a
/// single colour is some 30 bytes at any size.)
const MODE_BITS_MIN: u64 = 3;

/// The facts from the chunks of a WebP file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunks {
    /// Width and height, as the header claims.
    pub(super) size: (u32, u32),
    /// The picture is stored without loss.
    pub(super) lossless: bool,
    /// How many bytes the modes of a lossy picture have.
    modes_bytes: Option<u64>,
}

impl Chunks {
    /// Walks over the chunks up to the picture.
    ///
    /// The decoder handles malformed files and animations.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        if !is_whole(bytes) {
            return Err(Refusal::CutOff);
        }
        let mut canvas = None;
        let mut rest = bytes.get(12..).unwrap_or_default();
        while let Some((kind, content)) = chunk(&mut rest) {
            let found = match kind {
                b"VP8X" => {
                    canvas = canvas_size(content);
                    continue;
                }
                b"VP8 " => lossy(content)?,
                b"VP8L" => lossless_size(content).map(|size| Self {
                    size,
                    lossless: true,
                    modes_bytes: None,
                }),
                _ => continue,
            };
            let found = found.ok_or_else(|| damaged("a picture without a header"))?;
            // The decoder decodes the picture before it compares its size with the canvas.
            if canvas.is_some_and(|canvas| canvas != found.size) {
                return Err(damaged("the picture is not as large as its canvas"));
            }
            return Ok(found);
        }
        Ok(Self {
            size: canvas.unwrap_or_default(),
            lossless: false,
            modes_bytes: None,
        })
    }

    /// Refuses a file that cannot be complete.
    pub(super) fn judge(&self) -> Result<(), Refusal> {
        let (width, height) = self.size;
        let blocks = u64::from(width.div_ceil(16)) * u64::from(height.div_ceil(16));
        if self
            .modes_bytes
            .is_some_and(|bytes| bytes * 8 < blocks * MODE_BITS_MIN)
        {
            return Err(Refusal::TooShort { width, height });
        }
        Ok(())
    }
}

fn damaged(cause: &'static str) -> Refusal {
    Refusal::Damaged(cause.into())
}

/// Whether a file is as long as its header claims; the decoder tolerates some missing bytes.
fn is_whole(bytes: &[u8]) -> bool {
    bytes
        .get(4..)
        .and_then(|rest| rest.split_first_chunk())
        .is_some_and(|(length, rest)| u32::from_le_bytes(*length) as usize <= rest.len())
}

/// Takes a chunk: four bytes of its kind, four of length, the content, padded to an even length.
fn chunk<'a>(rest: &mut &'a [u8]) -> Option<(&'a [u8; 4], &'a [u8])> {
    let (kind, behind) = rest.split_first_chunk()?;
    let (length, behind) = behind.split_first_chunk()?;
    let length = u32::from_le_bytes(*length) as usize;
    let content = behind.get(..length)?;
    *rest = behind.get(length.next_multiple_of(2)..).unwrap_or_default();
    Some((kind, content))
}

/// Flags, three bytes of nothing, then width and height less one, three bytes each.
fn canvas_size(content: &[u8]) -> Option<(u32, u32)> {
    let [_, _, _, _, w0, w1, w2, h0, h1, h2, ..] = *content else {
        return None;
    };
    Some((
        1 + u32::from_le_bytes([w0, w1, w2, 0]),
        1 + u32::from_le_bytes([h0, h1, h2, 0]),
    ))
}

/// A sign, then width and height less one, 14 bits each.
fn lossless_size(content: &[u8]) -> Option<(u32, u32)> {
    let (_, rest) = content.split_first()?;
    let bits = u32::from_le_bytes(*rest.first_chunk()?);
    Some((1 + (bits & 0x3fff), 1 + ((bits >> 14) & 0x3fff)))
}

/// Three bytes that hold the length of the first part, in which the modes are; a sign of three;
/// width and height, of which the upper two bits do not count.
fn lossy(content: &[u8]) -> Result<Option<Chunks>, Refusal> {
    let [t0, t1, t2, _, _, _, w0, w1, h0, h1, parts @ ..] = content else {
        return Ok(None);
    };
    let modes_bytes = u64::from(u32::from_le_bytes([*t0, *t1, *t2, 0]) >> 5);
    let side = |bytes| u32::from(u16::from_le_bytes(bytes) & 0x3fff);
    let (width, height) = (side([*w0, *w1]), side([*h0, *h1]));
    if modes_bytes > parts.len() as u64 {
        return Err(Refusal::CutOff);
    }
    Ok(Some(Chunks {
        size: (width, height),
        lossless: false,
        modes_bytes: Some(modes_bytes),
    }))
}
