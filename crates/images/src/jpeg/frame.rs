//! The frame of a JPEG file: its size, its channels, and whether the decoder reads such a one.

use super::{Refusal, damaged};

/// The header of a frame (SOF).
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) progressive: bool,
    /// One (grey), three (colours) or four (inks).
    pub(super) channels: Vec<Channel>,
}

/// One channel, and how finely it is sampled against the others.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) id: u8,
    pub(super) across: u32,
    pub(super) down: u32,
}

/// The finest sampling that the format allows.
const SAMPLING_MAX: u32 = 4;

impl Frame {
    /// Reads depth, height (2 bytes), width (2), the number of channels, then for each of them its
    /// name, its sampling and its table.
    pub(super) fn read(marker: u8, segment: &[u8]) -> Result<Self, Refusal> {
        let rare = |cause: String| Refusal::Unsupported(cause.into());
        // 0, 1 and 2 are baseline, extended and progressive; the others are lossless, hierarchical
        // or coded arithmetically.
        if !matches!(marker, 0xc0..=0xc2) {
            return Err(rare(format!("a frame of kind {marker:#04x}")));
        }
        let [depth, h1, h0, w1, w0, count, channels @ ..] = segment else {
            return Err(damaged("a frame without a size"));
        };
        let (height, width) = (
            u16::from_be_bytes([*h1, *h0]),
            u16::from_be_bytes([*w1, *w0]),
        );
        if *depth != 8 {
            return Err(rare(format!("{depth} bits a sample")));
        }
        if height == 0 {
            return Err(rare("a height that follows the picture (DNL)".to_owned()));
        }
        if width == 0 || channels.len() != usize::from(*count) * 3 {
            return Err(damaged("a frame that contradicts itself"));
        }
        let channels: Vec<Channel> = channels
            .as_chunks()
            .0
            .iter()
            .map(|[id, sampling, _]| Channel {
                id: *id,
                across: u32::from(sampling >> 4),
                down: u32::from(sampling & 0x0f),
            })
            .collect();
        let frame = Self {
            width: width.into(),
            height: height.into(),
            progressive: marker == 0xc2,
            channels,
        };
        if !matches!(count, 1 | 3 | 4) {
            return Err(rare(format!("{count} channels")));
        }
        if !frame.is_sampled_readably() {
            return Err(rare(format!("sampling of {:?}", frame.channels)));
        }
        Ok(frame)
    }

    /// Whether the decoder draws this sampling as libjpeg does.
    ///
    /// All 105 samplings that `cjpeg` writes were compared with libjpeg-turbo 2.1, baseline,
    /// progressive and with restarts, in four sizes. The decoder is right where the first channel
    /// is the finest, the factors are 1, 2 or 4 (down also 3), each factor divides the
    /// finest, and where no channel of two rows stands beside a first one of four. Where a later
    /// channel is finer than the first, every second line is black, or the file counts as damaged.
    fn is_sampled_readably(&self) -> bool {
        let valid = |channel: &Channel| {
            (1..=SAMPLING_MAX).contains(&channel.across)
                && (1..=SAMPLING_MAX).contains(&channel.down)
                && channel.across.is_power_of_two()
        };
        let Some((first, others)) = self.channels.split_first() else {
            return false;
        };
        valid(first)
            && others.iter().all(|other| {
                valid(other)
                    && first.across.is_multiple_of(other.across)
                    && first.down.is_multiple_of(other.down)
                    && (first.down, other.down) != (4, 2)
            })
    }

    /// The finest sampling of all channels, across and down.
    fn finest(&self) -> (u32, u32) {
        self.channels
            .iter()
            .fold((1, 1), |(across, down), channel| {
                (across.max(channel.across), down.max(channel.down))
            })
    }

    /// How many 8 x 8 blocks a scan holds of each of its channels, given by their places.
    ///
    /// A scan of one channel holds the blocks that cover the picture; one of several is filled up
    /// to whole units, each as large as the coarsest channel's block.
    pub(super) fn blocks_in_scan(&self, places: &[usize]) -> impl Iterator<Item = u64> {
        let (across_max, down_max) = self.finest();
        let alone = places.len() == 1;
        places.iter().map(move |place| {
            let Channel { across, down, .. } = self.channels[*place];
            let count = |length: u32, factor: u32, finest: u32| {
                if alone {
                    (length * factor).div_ceil(finest).div_ceil(8)
                } else {
                    length.div_ceil(8 * finest) * factor
                }
            };
            u64::from(count(self.width, across, across_max))
                * u64::from(count(self.height, down, down_max))
        })
    }

    /// How many 8 x 8 blocks the picture has, all channels together.
    pub(super) fn blocks(&self) -> u64 {
        let all: Vec<usize> = (0..self.channels.len()).collect();
        self.blocks_in_scan(&all).sum()
    }

    /// Whether the channels are sampled differently.
    pub(super) fn is_uneven(&self) -> bool {
        let sampling = |channel: &Channel| (channel.across, channel.down);
        let mut samplings = self.channels.iter().map(sampling);
        let first = samplings.next();
        samplings.any(|other| Some(other) != first)
    }
}
