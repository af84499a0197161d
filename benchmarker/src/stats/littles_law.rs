//! Little's law: the number of requests in a system is their arrival rate times their mean time in it.

/// How far the two sides may differ, as a share of the larger: requests that start and end within the
/// measured time are not exactly those that were under way in it.
pub const TOLERANCE: f64 = 0.05;

/// Both sides of Little's law for one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LittlesLaw {
    /// The mean number of requests under way, as counted.
    pub under_way: f64,
    /// The same by the law: rate times mean time.
    pub expected: f64,
}

impl LittlesLaw {
    /// Both sides, from a count, a rate (1/s) and a mean time (ms).
    #[must_use]
    pub fn of(under_way: f64, rate_per_sec: f64, mean_time_ms: f64) -> Self {
        Self {
            under_way,
            expected: rate_per_sec * mean_time_ms / 1e3,
        }
    }

    /// Whether the sides agree within [`TOLERANCE`]; 0 agrees with 0.
    ///
    /// A run that breaks the law has lost time or requests in the generator.
    #[must_use]
    pub fn holds(&self) -> bool {
        let larger = self.under_way.max(self.expected);
        (self.under_way - self.expected).abs() <= TOLERANCE * larger
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_four_busy_connections_are_sixty_four_requests_under_way() {
        assert!(LittlesLaw::of(64.0, 32_000.0, 2.0).holds());
        assert!(LittlesLaw::of(64.0, 31_000.0, 2.0).holds());
    }

    #[test]
    fn a_fifth_of_the_time_lost_in_the_generator_is_found() {
        // wg/wrk #116 found an error in wrk by this check.
        assert!(!LittlesLaw::of(64.0, 32_000.0, 1.6).holds());
        assert!(!LittlesLaw::of(64.0, 32_000.0, f64::NAN).holds());
        assert!(LittlesLaw::of(0.0, 0.0, 0.0).holds());
    }
}
