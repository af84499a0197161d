//! Lower bounds on the length of the scans of a complete picture, and limits on the work of decoding them.
//!
//! **The least number of bits.** Each 8 x 8 block of a sequential scan is coded as one symbol for
//! its mean and at least one for the rest; the first progressive scan of a channel codes the mean
//! alone, and a scan that refines the mean sends one bit a block. A Huffman code is at least one
//! bit long, and a symbol may announce more bits, so the least cost of a block is the least of
//! `code length + announced bits` over the symbols of the tables in force: two bits a block at
//! best, or one. That is so for every encoder, whatever the picture: 100 megapixels of plain black
//! are 586 KB in three channels. A scan of fewer bytes is not whole.
//!
//! **The most work.** Progressive scans of the finer coefficients have no such bound: one symbol of
//! some 30 bits covers 32,767 empty blocks. There the work is bounded instead: encoders send each
//! coefficient once and refine it up to three times.

use super::frame::Frame;
use super::{Refusal, damaged};

/// How many scans a file may have; the most careful encoders make about 15.
const SCANS_MAX: u32 = 100;

/// How often, on average, a file may go over each coefficient: libjpeg goes over those of the
/// brightness three times.
const PASSES_MAX: u64 = 5;

/// How many coefficients any file may go over, however small its picture: under a second.
const VISITS_FREE: u64 = 1 << 28;

/// The least number of bits that the Huffman tables in force spend on a symbol.
#[derive(Debug)]
pub(super) struct Tables {
    /// By kind (mean, rest) and number.
    least_bits: [[u64; 4]; 2],
}

impl Default for Tables {
    /// Tables that are not defined: a code is still a bit long.
    fn default() -> Self {
        Self {
            least_bits: [[1; 4]; 2],
        }
    }
}

impl Tables {
    /// Reads tables, one after the other: kind and number in a byte, how many codes there are of 1
    /// to 16 bits, and their symbols. The decoder handles malformed tables.
    pub(super) fn define(&mut self, segment: &[u8]) {
        let mut rest = segment;
        while let Some((head, behind)) = rest.split_first_chunk::<17>() {
            let [name, counts @ ..] = head;
            let (kind, number) = (usize::from(name >> 4), usize::from(name & 0x0f));
            let total = counts.iter().map(|count| usize::from(*count)).sum();
            let Some((symbols, behind)) = behind.split_at_checked(total) else {
                return;
            };
            rest = behind;
            let lengths = (1..).zip(counts);
            let lengths =
                lengths.flat_map(|(bits, count)| std::iter::repeat_n(bits, usize::from(*count)));
            let least = symbols
                .iter()
                .zip(lengths)
                .map(|(symbol, bits): (&u8, u64)| {
                    // Of a mean, the symbol is the number of bits that follow; of the rest, its lower
                    // half is.
                    let announced = if kind == 0 { *symbol } else { symbol & 0x0f };
                    bits + u64::from(announced)
                });
            if let (Some(least), Some(slot)) = (
                least.min(),
                self.least_bits
                    .get_mut(kind)
                    .and_then(|kind| kind.get_mut(number)),
            ) {
                *slot = least;
            }
        }
    }

    fn mean(&self, number: u8) -> u64 {
        self.least_bits[0]
            .get(usize::from(number))
            .map_or(1, |bits| *bits)
    }

    fn rest(&self, number: u8) -> u64 {
        self.least_bits[1]
            .get(usize::from(number))
            .map_or(1, |bits| *bits)
    }
}

/// The totals over the scans of a file.
#[derive(Debug, Default)]
pub(super) struct Scans {
    /// How many scans.
    pub(super) count: u32,
    /// How many coefficients the decoder visits, and one more for each block.
    visits: u64,
    /// Some scan has fewer bytes than its blocks need.
    too_short: bool,
    /// The channels whose means have been sent, by their places.
    begun: Vec<usize>,
}

impl Scans {
    /// Adds a scan: its header (the number of its channels, name and tables of each, the first and
    /// the last coefficient, the bits of precision) and the length of its data.
    pub(super) fn add(
        &mut self,
        frame: &Frame,
        tables: &Tables,
        header: &[u8],
        coded_bytes: u64,
    ) -> Result<(), Refusal> {
        let malformed = || damaged("a malformed scan");
        let (count, behind) = header.split_first().ok_or_else(malformed)?;
        let (channels, behind) = behind
            .split_at_checked(usize::from(*count) * 2)
            .ok_or_else(malformed)?;
        let [first, last, precision, ..] = *behind else {
            return Err(malformed());
        };
        let channels = channels.as_chunks::<2>().0;
        let mut places = Vec::with_capacity(channels.len());
        for [id, _] in channels {
            let place = frame.channels.iter().position(|channel| channel.id == *id);
            places.push(place.ok_or_else(malformed)?);
        }
        if places.is_empty() {
            return Err(malformed());
        }
        let begins = !frame.progressive || (first == 0 && precision >> 4 == 0);
        if !frame.progressive && frame.is_uneven() && places.len() < frame.channels.len() {
            // The decoder (zune-jpeg 0.5.15, its issue 422) draws green stripes.
            return Err(Refusal::Unsupported("a scan for each channel".into()));
        }
        if begins {
            if places.iter().any(|place| self.begun.contains(place)) {
                return Err(Refusal::Unsupported("a channel that begins twice".into()));
            }
            self.begun.extend(&places);
        }
        let coefficients = if frame.progressive {
            // jpeg-encoder 0.7 writes an empty scan, from 1 to 0, where it makes 64 of them.
            u64::from(last.saturating_sub(first)) + 1
        } else {
            // Sequential scans send all of them, whatever their header names.
            64
        };
        let mut least_bits = 0;
        for (blocks, [_, numbers]) in frame.blocks_in_scan(&places).zip(channels) {
            self.visits += blocks * (coefficients + 1);
            least_bits += blocks
                * match (frame.progressive, first, precision >> 4) {
                    (false, ..) => tables.mean(numbers >> 4) + tables.rest(numbers & 0x0f),
                    (true, 0, 0) => tables.mean(numbers >> 4),
                    (true, 0, _) => 1,
                    (true, ..) => 0,
                };
        }
        self.too_short |= least_bits.div_ceil(8) > coded_bytes;
        self.count += 1;
        Ok(())
    }

    /// Refuses a file that cannot be complete, or that needs too much work.
    pub(super) fn judge(&self, frame: &Frame) -> Result<(), Refusal> {
        if self.too_short || self.begun.len() < frame.channels.len() {
            return Err(Refusal::TooShort {
                width: frame.width,
                height: frame.height,
            });
        }
        let visits_max = VISITS_FREE.max(frame.blocks() * 64 * PASSES_MAX);
        if self.count > SCANS_MAX || self.visits > visits_max {
            return Err(Refusal::Unsupported(
                format!("{} scans over {} coefficients", self.count, self.visits).into(),
            ));
        }
        Ok(())
    }
}
