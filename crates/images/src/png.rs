//! Reads the chunks of a PNG file before anything is decoded: whether the compressed data can hold the
//! picture, its colour space, and its metadata, at any place in the file.

use super::decode::Refusal;
use super::gamma::Gamma;

/// How many bytes one compressed byte can expand to. Deflate's longest repetition is 258 bytes, and its
/// two codes are a bit each at best: four repetitions a byte.
const UNPACKED_PER_BYTE_MAX: u64 = 4 * 258;

/// The header and the end of a chunk: length, kind, checksum.
const CHUNK_FRAME: usize = 12;

/// The columns and rows of the seven passes of an interlaced picture: first, and step.
const PASSES: [[(u32, u32); 2]; 7] = [
    [(0, 8), (0, 8)],
    [(4, 8), (0, 8)],
    [(0, 4), (4, 8)],
    [(2, 4), (0, 4)],
    [(0, 2), (2, 4)],
    [(1, 2), (0, 2)],
    [(0, 1), (1, 2)],
];

/// The facts from the chunks of a PNG file.
#[derive(Debug, Default)]
pub(super) struct Chunks<'a> {
    /// Width and height, as the header claims.
    pub(super) size: (u32, u32),
    /// How many bits a pixel takes.
    pixel_bits: u64,
    interlaced: bool,
    packed_bytes: u64,
    /// The EXIF block.
    pub(super) exif: Option<&'a [u8]>,
    /// The brightness of the samples, if no better chunk defines it.
    pub(super) gamma: Option<Gamma>,
}

impl<'a> Chunks<'a> {
    /// Walks over the chunks. The decoder handles malformed chunks and a missing end.
    pub(super) fn read(bytes: &'a [u8]) -> Self {
        let mut chunks = Self::default();
        let mut gamma = Gamma::default();
        let mut overruled = false;
        let mut rest = bytes.get(8..).unwrap_or_default();
        while let Some((kind, content)) = chunk(&mut rest) {
            match kind {
                b"IHDR" => chunks.header(content),
                b"IDAT" => chunks.packed_bytes += content.len() as u64,
                b"eXIf" => chunks.exif = chunks.exif.or(Some(content)),
                b"gAMA" => gamma.read_gamma(content),
                b"cHRM" => gamma.read_primaries(content),
                // Each of these chunks takes precedence; the decoder decompresses the profile.
                b"sRGB" | b"iCCP" | b"cICP" => overruled = true,
                _ => {}
            }
        }
        if !overruled && gamma.differs() {
            chunks.gamma = Some(gamma);
        }
        chunks
    }

    fn header(&mut self, content: &[u8]) {
        let Some((sides, [depth, colours, _, _, interlaced, ..])) =
            content.split_first_chunk::<8>()
        else {
            return;
        };
        let [w3, w2, w1, w0, h3, h2, h1, h0] = *sides;
        self.size = (
            u32::from_be_bytes([w3, w2, w1, w0]),
            u32::from_be_bytes([h3, h2, h1, h0]),
        );
        let channels = match colours {
            2 => 3,
            4 => 2,
            6 => 4,
            // Grey, or an index.
            _ => 1,
        };
        self.pixel_bits = channels * u64::from(*depth);
        self.interlaced = *interlaced != 0;
    }

    /// How many bytes the data have when decompressed: each row begins with the number of its filter.
    fn unpacked_bytes(&self) -> u64 {
        let pass = |[columns, rows]: [(u32, u32); 2]| {
            let count = |(first, step): (u32, u32), of: u32| {
                u64::from(of.saturating_sub(first).div_ceil(step))
            };
            let (columns, rows) = (count(columns, self.size.0), count(rows, self.size.1));
            // A pass without columns has no rows either.
            if columns == 0 {
                0
            } else {
                rows * (1 + (columns * self.pixel_bits).div_ceil(8))
            }
        };
        if self.interlaced {
            PASSES.into_iter().map(pass).sum()
        } else {
            pass([(0, 1), (0, 1)])
        }
    }

    /// Refuses a file that cannot be complete. The sides are checked before.
    pub(super) fn judge(&self) -> Result<(), Refusal> {
        if self.unpacked_bytes() > self.packed_bytes.saturating_mul(UNPACKED_PER_BYTE_MAX) {
            let (width, height) = self.size;
            return Err(Refusal::TooShort { width, height });
        }
        Ok(())
    }
}

/// Takes a chunk: four bytes of length, four of its kind, the content, four of a checksum.
fn chunk<'a>(rest: &mut &'a [u8]) -> Option<(&'a [u8; 4], &'a [u8])> {
    let (length, behind) = rest.split_first_chunk()?;
    let (kind, behind) = behind.split_first_chunk()?;
    let length = u32::from_be_bytes(*length) as usize;
    let content = behind.get(..length)?;
    *rest = rest.get(CHUNK_FRAME + length..)?;
    Some((kind, content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::samples;

    #[test]
    fn an_interlaced_picture_unpacks_to_the_sum_of_its_passes() {
        let unpacked = |width, height, interlaced| {
            let chunks = Chunks {
                size: (width, height),
                pixel_bits: 24,
                interlaced,
                ..Chunks::default()
            };
            chunks.unpacked_bytes()
        };
        assert_eq!(unpacked(8, 8, false), 8 * 25);
        // By hand: 1, 1, 1 x 2, 2 x 2, 2 x 4, 4 x 4 and 4 x 8 pixels in 1, 1, 1, 2, 2, 4, 4 rows.
        assert_eq!(unpacked(8, 8, true), 64 * 3 + 15);
        // Only the first pass has a pixel.
        assert_eq!(unpacked(1, 1, true), 4);
        assert_eq!(unpacked(0, 5, true), 0);
    }

    #[test]
    fn a_description_behind_the_pixels_is_found() {
        let png = samples::png(&image::DynamicImage::new_rgb8(3, 2));
        let end = png.len() - CHUNK_FRAME;
        let late = [
            &png[..end],
            &samples::png_chunk(*b"eXIf", b"here"),
            &png[end..],
        ]
        .concat();
        assert_eq!(Chunks::read(&late).exif, Some(&b"here"[..]));
        assert_eq!(Chunks::read(&late).size, (3, 2));
    }

    #[test]
    fn chunks_that_are_cut_off_end_the_walk() {
        let png = samples::png(&image::DynamicImage::new_rgb8(3, 2));
        for length in 0..png.len() {
            let _ = Chunks::read(&png[..length]);
        }
        let endless = [&png[..8], &[0xff; 12][..]].concat();
        assert_eq!(Chunks::read(&endless).size, (0, 0));
    }
}
