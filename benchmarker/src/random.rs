//! Random sources that depend on the seed and a number alone.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

/// The random source of browser or visitor `number`.
pub(crate) fn source(seed: u64, number: u64) -> Xoshiro256PlusPlus {
    // With `seed + number`, neighbouring seeds would give neighbouring numbers the same draws.
    let own_seed = seed ^ number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Xoshiro256PlusPlus::seed_from_u64(own_seed)
}
