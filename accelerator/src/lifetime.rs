//! How long an item stays in memcached.

use std::time::Duration;

use tokio::time::Instant;

/// The longest lifetime that memcached reads as a duration; it takes a longer one for a date in 1970.
pub const LIFETIME_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Returns the lifetime of a key in seconds: up to a tenth less than `lifetime`, a different part for each key.
///
/// Otherwise items stored in the same second would expire in the same second, and all be missed at once.
pub(crate) fn seconds(lifetime: Duration, key: &[u8]) -> u32 {
    let lifetime = lifetime.min(LIFETIME_MAX).as_secs().max(1);
    let thousandths = u64::from(crc32fast::hash(key) % 100);
    let kept = (lifetime - lifetime * thousandths / 1000).max(1);
    u32::try_from(kept).unwrap_or(1)
}

/// Returns the whole seconds between two moments, or `None` if there is less than one.
pub(crate) fn seconds_until(end: Instant, now: Instant) -> Option<u32> {
    let left = end.saturating_duration_since(now);
    let left = u32::try_from(left.min(LIFETIME_MAX).as_secs()).ok();
    left.filter(|seconds| *seconds > 0)
}

#[cfg(test)]
mod tests {
    use super::{LIFETIME_MAX, seconds, seconds_until};
    use std::time::Duration;
    use tokio::time::Instant;

    #[test]
    fn never_longer_than_memcached_understands_nor_shorter_than_a_second() {
        for asked in [
            Duration::ZERO,
            Duration::from_secs(1),
            LIFETIME_MAX,
            LIFETIME_MAX * 20,
        ] {
            for key in [b"a", b"b", b"c"] {
                let kept = u64::from(seconds(asked, key));
                assert!(
                    (1..=LIFETIME_MAX.as_secs()).contains(&kept),
                    "{asked:?}: {kept}"
                );
            }
        }
    }

    #[test]
    fn the_longest_lifetime_is_that_of_memcached() {
        // `REALTIME_MAXDELTA` in memcached.c.
        assert_eq!(LIFETIME_MAX.as_secs(), 2_592_000);
    }

    #[test]
    fn what_says_how_long_it_lives_lives_no_longer() {
        let now = Instant::now();
        for (millis, left) in [
            (0, None),
            (999, None),
            (1_000, Some(1)),
            (2_999, Some(2)),
            (86_400_000, Some(86_400)),
            (u64::from(u32::MAX), Some(2_592_000)),
        ] {
            let end = now + Duration::from_millis(millis);
            assert_eq!(seconds_until(end, now), left, "{millis} ms");
        }
        let end = now + Duration::from_secs(5);
        assert_eq!(seconds_until(end, end + Duration::from_secs(1)), None);
    }

    #[test]
    fn keys_stored_together_do_not_expire_together() {
        let lifetimes: std::collections::HashSet<_> = (0..50_u8)
            .map(|key| seconds(Duration::from_secs(86_400), &[key]))
            .collect();
        assert!(lifetimes.len() > 20, "{lifetimes:?}");
        assert!(
            lifetimes
                .iter()
                .all(|kept| (77_760..=86_400).contains(kept)),
            "{lifetimes:?}"
        );
    }
}
