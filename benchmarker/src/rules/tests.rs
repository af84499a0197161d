//! Rules: parsed, kept, broken, refused.

use proptest::prelude::*;

use super::*;

/// A result whose requests took these times, within one second.
struct Sample {
    times_ms: Vec<f64>,
    failed: u64,
    /// How many were answered, where that is more than a test lists.
    answered: Option<u64>,
}

fn sample(times_ms: &[f64], failed: u64) -> Sample {
    Sample {
        times_ms: times_ms.to_vec(),
        failed,
        answered: None,
    }
}

impl Measured for Sample {
    fn answered(&self, subject: &Subject) -> Option<u64> {
        (*subject != Subject::Step("nobody".to_owned()))
            .then(|| self.answered.unwrap_or(self.times_ms.len() as u64))
    }
    fn failed(&self, subject: &Subject) -> Option<u64> {
        self.answered(subject).map(|_| self.failed)
    }
    fn quantile_ms(&self, _: &Subject, quantile: f64) -> Option<f64> {
        let last = self.times_ms.len().checked_sub(1)?;
        Some(self.times_ms[(last as f64 * quantile).round() as usize])
    }
    fn max_ms(&self, subject: &Subject) -> Option<f64> {
        self.quantile_ms(subject, 1.0)
    }
    fn average_ms(&self, _: &Subject) -> Option<f64> {
        crate::stats::mean(&self.times_ms)
    }
    fn rate(&self, subject: &Subject) -> Option<f64> {
        Some(self.answered(subject)? as f64)
    }
}

fn broken(rules: &str, sample: &Sample) -> Vec<String> {
    let rules = Rules::parse(rules).unwrap();
    let broken = rules.broken_by(sample);
    broken.iter().map(ToString::to_string).collect()
}

fn refused(rules: &str) -> String {
    Rules::parse(rules).unwrap_err().to_string()
}

#[test]
fn rules_that_are_kept_say_nothing() {
    let good = sample(&[10.0, 20.0, 30.0], 0);
    let rules = "p95<200ms, failed=0,max<=30ms,average<0.1s,rate>2,failed<1%,pages.p50<2s";
    assert_eq!(broken(rules, &good), Vec::<String>::new());
}

#[test]
fn a_broken_rule_is_a_sentence_with_both_numbers() {
    let bad = sample(&[312.0, 312.0, 312.4], 1);
    assert_eq!(
        broken(
            "p95<200ms,failed=0,pages.max<=0.3s,failed<1%,rate>=1000,step(sign in).average<300000us",
            &bad
        ),
        [
            "p95 is 312 ms; the rule requires less than 200 ms".to_owned(),
            "the number of failures is 1; the rule requires exactly 0".to_owned(),
            "the maximum of pages is 0.31 s; the rule requires at most 0.3 s".to_owned(),
            "the share of failures is 25 %; the rule requires less than 1 %".to_owned(),
            "the rate is 3; the rule requires at least 1000".to_owned(),
            "the average of step sign in is 312133 us; the rule requires less than 300000 us"
                .to_owned(),
        ]
    );
}

#[test]
fn the_number_never_looks_like_the_limit_it_breaks() {
    assert_eq!(
        broken("max<200ms", &sample(&[200.04], 0)),
        ["the maximum is 200.04 ms; the rule requires less than 200 ms"]
    );
}

#[test]
fn what_was_not_measured_keeps_no_rule() {
    let nothing = sample(&[], 0);
    assert_eq!(
        broken("p95<1s,failed=0,rate<5", &nothing),
        [
            "p95 was not measured: no request was answered; the rule requires less than 1 s",
            "the number of failures was not measured: there was no request; the rule requires exactly 0",
            "the rate was not measured: no request was answered; the rule requires less than 5",
        ]
    );
    let few = sample(&[1.0], 0);
    assert_eq!(
        broken("p99.9<1s,step(nobody).failed=0", &few),
        [
            "p99.9 was not measured: there are 1 samples, 10000 are needed; the rule requires less than 1 s",
            "the number of failures of step nobody was not measured: there is no step \"nobody\"; \
             the rule requires exactly 0",
        ]
    );
    let many = Sample {
        answered: Some(10_000),
        ..sample(&[1.0], 0)
    };
    assert_eq!(broken("p99.9<1s", &many), Vec::<String>::new());
}

#[test]
fn nonsense_is_refused_with_its_place() {
    for (rules, said) in [
        ("", "the rules \"\" end at character 1; expected: p50, p90"),
        ("p95", "end at character 4; expected: one of < <= > >= ="),
        ("p95<", "end at character 5; expected: a time such as 200ms"),
        (
            "p95<200",
            "end at character 8; expected: a unit of time: us, ms or s",
        ),
        (
            "p95<200%",
            "at character 8, \"%\"; expected: a unit of time",
        ),
        (
            "p95<1s,,failed=0",
            "at character 8, \",failed=0\"; expected: p50",
        ),
        (
            "p95<1s;failed=0",
            "at character 7, \";failed=0\"; expected: a comma",
        ),
        ("p95<1s,", "end at character 8"),
        (
            "p42<1s",
            "at character 1, \"p42<1s\"; expected: p50, p90, p95, p99, p99.9, max",
        ),
        (
            "p95=1s",
            "at character 4, \"=1s\"; expected: <, <=, > or >=",
        ),
        ("rate>5ms", "at character 7, \"ms\"; expected: no unit"),
        (
            "failed<3s",
            "at character 9, \"s\"; expected: no unit, or %",
        ),
        (
            "step().p95<1s",
            "at character 6, \").p95<1s\"; expected: the name of a step",
        ),
        ("step(a", "end at character 7; expected: a closing bracket"),
        (
            "pages.pages.p95<1s",
            "at character 7, \"pages.p95<1s\"; expected: p50",
        ),
        ("é", "at character 1, \"é\""),
        (
            "p95<1.2.3s",
            "at character 5, \"1.2.3s\"; expected: a time such as 200ms",
        ),
        (
            "p95<200min",
            "at character 8, \"min\"; expected: one of the units us, ms, s and %",
        ),
    ] {
        let found = refused(rules);
        assert!(found.contains(said), "{rules}: {found}");
    }
}

#[test]
fn the_steps_of_rules_can_be_looked_up_before_a_run() {
    let rules = Rules::parse("step(sign in).p95<1s,failed=0,step(a, b).max<=2s").unwrap();
    assert_eq!(rules.steps().collect::<Vec<_>>(), ["sign in", "a, b"]);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_is_written_alike(
        text in "(pages\\.|step\\([a-z ]*\\)\\.)?(p[0-9.]{1,4}|max|rate|failed)[<>=]{1,2}[0-9.]{1,4}(ms|s|us|%|)"
    ) {
        if let Ok(rules) = Rules::parse(&text) {
            prop_assert_eq!(Rules::parse(&rules.to_string()).unwrap(), rules);
        }
    }

    #[test]
    fn no_text_whatever_makes_the_reader_fall(text in ".*") {
        let _ = Rules::parse(&text);
    }
}
