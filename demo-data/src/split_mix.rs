//! `SplitMix64`: the one generator behind all rows and pictures.
//!
//! Small enough to start one for each row, and the same on every machine and in every version, which
//! the crate `rand` does not promise of its distributions.

/// Two to the 64th divided by the golden ratio.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// The state of a generator.
#[derive(Clone, Debug)]
pub(crate) struct SplitMix64(pub(crate) u64);

impl SplitMix64 {
    /// The next 64 bits.
    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }
}

/// Mixes the bits of a number so that neighbours have nothing in common.
#[inline]
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that the reference implementation gives for this seed.
    #[test]
    fn gives_the_numbers_of_the_reference() {
        let mut generator = SplitMix64(1_234_567);
        let numbers: [u64; 3] = std::array::from_fn(|_| generator.next());
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }
}
