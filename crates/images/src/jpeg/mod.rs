//! Reads the markers of a JPEG file before anything is decoded.
//!
//! The decoder (zune-jpeg 0.5.15) is too tolerant for a site that keeps originals: it fills the
//! rest of a cut-off file with grey, invents data behind the end of a scan (9 KB whose header
//! claims 10,000 x 10,000 pixels cost 5 s), and draws stripes for a few rare kinds. So the file is
//! refused here if it ends early, if its scans are shorter than any encoder can make them
//! ([`bound`]), if it needs more passes than any encoder makes, or if it is a kind that the
//! decoder misreads ([`frame`]).

mod bound;
mod decode;
mod frame;

pub(super) use decode::Decoder;

use super::decode::Refusal;
use bound::Scans;
use frame::Frame;

/// The facts from the markers of a JPEG file.
#[derive(Debug)]
pub(super) struct Skeleton {
    frame: Frame,
    scans: Scans,
}

const STUFFING: u8 = 0x00;
const TEMPORARY: u8 = 0x01;
const START_OF_FRAME: std::ops::RangeInclusive<u8> = 0xc0..=0xcf;
const HUFFMAN_TABLES: u8 = 0xc4;
const RESERVED: u8 = 0xc8;
const ARITHMETIC_TABLES: u8 = 0xcc;
const RESTARTS: std::ops::RangeInclusive<u8> = 0xd0..=0xd7;
const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;

impl Skeleton {
    /// Walks from marker to marker up to the end of the picture; what follows it does not count.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut rest = bytes;
        let mut tables = bound::Tables::default();
        let mut frame = None;
        let mut scans = Scans::default();
        loop {
            let marker = next_marker(&mut rest).ok_or(Refusal::CutOff)?;
            match marker {
                END => break,
                START | TEMPORARY => continue,
                _ => {}
            }
            let segment = segment(&mut rest).ok_or(Refusal::CutOff)?;
            match marker {
                HUFFMAN_TABLES => tables.define(segment),
                RESERVED | ARITHMETIC_TABLES => {}
                _ if START_OF_FRAME.contains(&marker) => {
                    if frame.is_some() {
                        return Err(Refusal::Unsupported("more than one frame".into()));
                    }
                    frame = Some(Frame::read(marker, segment)?);
                }
                SCAN => {
                    let frame = frame
                        .as_ref()
                        .ok_or_else(|| damaged("a scan of no frame"))?;
                    scans.add(frame, &tables, segment, coded_bytes(&mut rest))?;
                }
                _ => {}
            }
        }
        let frame = frame.ok_or_else(|| damaged("no frame"))?;
        Ok(Self { frame, scans })
    }

    /// How many channels the file stores.
    pub(super) fn channels(&self) -> usize {
        self.frame.channels.len()
    }

    /// How many bytes of coefficients the decoder keeps beside the pixels: those of the whole
    /// picture if it arrives in several scans, and next to nothing otherwise.
    pub(super) fn coefficient_bytes(&self) -> u64 {
        if self.frame.progressive || self.scans.count > 1 {
            let pixels = u64::from(self.frame.width) * u64::from(self.frame.height);
            pixels * self.channels() as u64 * size_of::<i16>() as u64
        } else {
            0
        }
    }

    /// Refuses a file whose scans cannot hold the picture, or that needs too much work.
    pub(super) fn judge(&self) -> Result<(), Refusal> {
        self.scans.judge(&self.frame)
    }
}

fn damaged(cause: &'static str) -> Refusal {
    Refusal::Damaged(cause.into())
}

/// The header of the first frame of a JPEG file, and of the first scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameSize {
    pub(super) width: u16,
    pub(super) height: u16,
    pub(super) channels: u8,
    /// The picture arrives in several scans: coarse to fine, or channel after channel.
    pub(super) progressive: bool,
}

/// Reads the first frame's header; `None` if it is not among these first bytes of the file.
pub(super) fn frame_size(mut rest: &[u8]) -> Option<FrameSize> {
    let mut frame: Option<FrameSize> = None;
    while let Some(marker) = next_marker(&mut rest) {
        match marker {
            START | TEMPORARY => continue,
            END => break,
            _ => {}
        }
        let Some(content) = segment(&mut rest) else {
            break;
        };
        match (marker, &mut frame) {
            (SCAN, Some(frame)) => {
                frame.progressive |= content.first().is_some_and(|count| *count < frame.channels);
                break;
            }
            (SCAN, None) => break,
            (HUFFMAN_TABLES | RESERVED | ARITHMETIC_TABLES, _) => {}
            (_, None) if START_OF_FRAME.contains(&marker) => {
                let &[_, high, low, wide, narrow, channels] = content.first_chunk()?;
                frame = Some(FrameSize {
                    width: u16::from_be_bytes([wide, narrow]),
                    height: u16::from_be_bytes([high, low]),
                    channels,
                    progressive: matches!(marker, 0xc2 | 0xc6 | 0xca | 0xce),
                });
            }
            _ => {}
        }
    }
    frame
}

/// Takes a segment: two bytes of length, which counts itself, and the content.
fn segment<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = u16::from_be_bytes(*rest.first_chunk()?);
    let (segment, behind) = rest.split_at_checked(usize::from(length))?;
    *rest = behind;
    Some(segment.get(2..).unwrap_or_default())
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
            STUFFING => *rest = &rest[1..],
            _ if RESTARTS.contains(&marker) => *rest = &rest[1..],
            _ => {
                *rest = &rest[1..];
                return Some(marker);
            }
        }
    }
}

/// Counts the entropy-coded bytes of a scan, without stuffing and restart marks, and leaves `rest`
/// at the marker behind them.
fn coded_bytes(rest: &mut &[u8]) -> u64 {
    let (whole, mut uncoded) = (rest.len(), 0);
    while let Some(found) = rest.iter().position(|byte| *byte == 0xff) {
        let skipped = match rest.get(found + 1) {
            Some(&STUFFING) => {
                uncoded += 1;
                2
            }
            Some(mark) if RESTARTS.contains(mark) => {
                uncoded += 2;
                2
            }
            Some(0xff) => {
                uncoded += 1;
                1
            }
            Some(_) => {
                *rest = &rest[found..];
                return (whole - rest.len() - uncoded) as u64;
            }
            None => break,
        };
        *rest = &rest[found + skipped..];
    }
    // The file ends here, which the search for the next marker reports.
    *rest = &[];
    (whole - uncoded) as u64
}

#[cfg(test)]
mod tests;
