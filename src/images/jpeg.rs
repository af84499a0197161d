//! The skeleton of a JPEG file: is it whole, and how much memory will it want?
//!
//! The decoder fills what a cut-off file lacks with grey and calls it a picture; browsers do so
//! too, but a photo site that keeps originals should say so while the visitor can still send the
//! whole file. And a progressive file needs all its coefficients in memory at once, a baseline one
//! only a row of them.

/// What the markers of a JPEG file tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Skeleton {
    /// Sent coarse to fine: three times the memory of the unpacked picture.
    pub(super) progressive: bool,
}

const STUFFING: u8 = 0x00;
const TEMPORARY: u8 = 0x01;
const START: u8 = 0xd8;
const END: u8 = 0xd9;

/// Walks from marker to marker; `None` if the file ends before the picture does.
pub(super) fn walk(bytes: &[u8]) -> Option<Skeleton> {
    let mut rest = bytes;
    let mut skeleton = Skeleton { progressive: false };
    loop {
        let marker = next_marker(&mut rest)?;
        match marker {
            END => return Some(skeleton),
            START | TEMPORARY => {}
            _ => {
                let length = rest
                    .first_chunk()
                    .map(|length| u16::from_be_bytes(*length))?;
                rest = rest.get(usize::from(length)..)?;
                // Starts of frame, progressive: Huffman or arithmetic, alone or in a hierarchy.
                if matches!(marker, 0xc2 | 0xc6 | 0xca | 0xce) {
                    skeleton.progressive = true;
                }
            }
        }
    }
}

/// Skips to behind the next marker. Bytes `ff 00` and the restart marks belong to picture data, and
/// any number of `ff` may stand before a marker.
fn next_marker(rest: &mut &[u8]) -> Option<u8> {
    loop {
        let found = rest.iter().position(|byte| *byte == 0xff)?;
        *rest = rest.get(found + 1..)?;
        let marker = *rest.first()?;
        match marker {
            0xff => {}
            STUFFING | 0xd0..=0xd7 => *rest = &rest[1..],
            _ => {
                *rest = &rest[1..];
                return Some(marker);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::samples;

    #[test]
    fn a_whole_file_is_whole_and_every_shorter_one_is_not() {
        let whole = samples::jpeg(60, 40);
        assert_eq!(walk(&whole), Some(Skeleton { progressive: false }));
        for length in 0..whole.len() {
            assert_eq!(walk(&whole[..length]), None, "{length} bytes");
        }
    }

    #[test]
    fn what_phones_append_behind_the_picture_does_no_harm() {
        let mut file = samples::jpeg(60, 40);
        file.extend_from_slice(b"\xff\xd8 a short film \xff");
        assert!(walk(&file).is_some());
    }

    #[test]
    fn a_progressive_file_is_known() {
        let file = samples::progressive_jpeg(60, 40);
        assert_eq!(walk(&file), Some(Skeleton { progressive: true }));
    }
}
