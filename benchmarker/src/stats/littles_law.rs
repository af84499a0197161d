//! Little's law: what is in a system is what arrives a second times how long it stays.

/// How far the two sides may be apart, as a share of the larger: what starts and ends within the
/// measured time is not quite what was under way in it.
pub const TOLERANCE: f64 = 0.05;

/// Both sides of Little's law for one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LittlesLaw {
    /// Mean number of requests under way, counted.
    pub under_way: f64,
    /// Rate times mean time: what the law says is under way.
    pub expected: f64,
}

impl LittlesLaw {
    /// Puts a count beside what the law makes of a rate (1/s) and a mean time (ms).
    #[must_use]
    pub fn of(under_way: f64, rate_per_sec: f64, mean_time_ms: f64) -> Self {
        Self {
            under_way,
            expected: rate_per_sec * mean_time_ms / 1e3,
        }
    }

    /// Whether the sides agree within [`TOLERANCE`]; nothing agrees with nothing.
    ///
    /// A run that breaks the law has lost time or requests somewhere in the generator.
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
        // What wg/wrk #116 found in wrk by this very check.
        assert!(!LittlesLaw::of(64.0, 32_000.0, 1.6).holds());
        assert!(!LittlesLaw::of(64.0, 32_000.0, f64::NAN).holds());
        assert!(LittlesLaw::of(0.0, 0.0, 0.0).holds());
    }
}
