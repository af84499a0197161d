//! The skeleton of a JPEG file: is it whole, and how much memory will it want?
//!
//! The decoder fills what a cut-off file lacks with grey and calls it a picture; browsers do so
//! too, but a photo site that keeps originals should say so while the visitor can still send the
//! whole file. And a progressive file needs all its coefficients in memory at once, a baseline one
//! only a row of them. And there is a kind that no camera writes and the decoder misreads.

/// What the markers of a JPEG file tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Skeleton {
    /// Sent coarse to fine: three times the memory of the unpacked picture.
    pub(super) progressive: bool,
    /// Not progressive, and still a scan for each channel, with colours coarser than brightness.
    pub(super) split: bool,
}

const STUFFING: u8 = 0x00;
const TEMPORARY: u8 = 0x01;
const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;

/// Walks from marker to marker; `None` if the file ends before the picture does.
pub(super) fn walk(bytes: &[u8]) -> Option<Skeleton> {
    let mut rest = bytes;
    let mut skeleton = Skeleton {
        progressive: false,
        split: false,
    };
    let mut frame = Frame::default();
    loop {
        let marker = next_marker(&mut rest)?;
        if marker == END {
            return Some(skeleton);
        }
        if matches!(marker, START | TEMPORARY) {
            continue;
        }
        let length = rest
            .first_chunk()
            .map(|length| u16::from_be_bytes(*length))?;
        let (segment, behind) = rest.split_at_checked(usize::from(length))?;
        rest = behind;
        match marker {
            // Starts of frames; the three numbers left out are tables and an extension.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                frame = Frame::read(segment);
                skeleton.progressive = matches!(marker, 0xc2 | 0xc6 | 0xca | 0xce);
            }
            // The picture data behind it follow; `next_marker` knows its way through them.
            SCAN => {
                let channels = segment.get(2).copied().unwrap_or(0);
                skeleton.split |=
                    !skeleton.progressive && frame.coarse_colours && channels < frame.channels;
            }
            _ => {}
        }
    }
}

#[derive(Default)]
struct Frame {
    channels: u8,
    /// Some channel has more samples than another.
    coarse_colours: bool,
}

impl Frame {
    /// Length (2 bytes), depth, height (2), width (2), channels, then for each: name, samples, table.
    fn read(segment: &[u8]) -> Self {
        let samples = || segment.iter().skip(9).step_by(3);
        Self {
            channels: segment.get(7).copied().unwrap_or(0),
            coarse_colours: samples()
                .zip(samples().skip(1))
                .any(|(one, next)| one != next),
        }
    }
}

/// What the first frame of a JPEG file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameSize {
    pub(super) width: u16,
    pub(super) height: u16,
    pub(super) channels: u8,
    pub(super) progressive: bool,
}

/// Reads the first frame's header; `None` if it is not among these first bytes of the file.
pub(super) fn frame_size(mut rest: &[u8]) -> Option<FrameSize> {
    loop {
        let marker = next_marker(&mut rest)?;
        match marker {
            START | TEMPORARY => {}
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let &[_, _, _, high, low, wide, narrow, channels] = rest.first_chunk()?;
                return Some(FrameSize {
                    width: u16::from_be_bytes([wide, narrow]),
                    height: u16::from_be_bytes([high, low]),
                    channels,
                    progressive: matches!(marker, 0xc2 | 0xc6 | 0xca | 0xce),
                });
            }
            END | SCAN => return None,
            _ => {
                let length = u16::from_be_bytes(*rest.first_chunk()?);
                rest = rest.get(usize::from(length)..)?;
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
        assert!(walk(&whole).is_some());
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
    fn kinds_are_told_apart() {
        let kind = |progressive, split| Some(Skeleton { progressive, split });
        assert_eq!(walk(&samples::jpeg(60, 40)), kind(false, false));
        let progressive = samples::progressive_jpeg(60, 40);
        assert_eq!(walk(&progressive), kind(true, false));
        let coarse = samples::coarse_jpeg(60, 40, false);
        assert_eq!(walk(&coarse), kind(false, false));
        assert_eq!(walk(&samples::coarse_jpeg(60, 40, true)), kind(false, true));
    }
}
