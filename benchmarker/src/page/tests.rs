//! HTML pages: self-contained, escaped, with the reason in the place of doubtful numbers.

use super::*;
use crate::chart::Dot;
use crate::compare::{Better, Block, CAUTION, effect};
use crate::report::{Check, CheckResult, sample};

fn effects() -> Vec<Dot> {
    let blocks: Vec<Block> = (0..10_u32)
        .map(|block| {
            let mood = f64::from(900 + block * 20);
            Block {
                a: mood,
                b: mood * 1.3,
                again: Some(mood * (0.98 + f64::from(block % 5) / 100.0)),
            }
        })
        .collect();
    vec![Dot {
        name: "requests/s".to_owned(),
        effect: effect(&blocks, Better::Higher),
    }]
}

#[test]
fn a_report_can_be_read_back() {
    let report = sample::site(1, 1.0);
    let page = super::report(&report).unwrap();
    assert_eq!(Report::read(&page).unwrap(), report);
}

#[test]
fn the_headline_comes_first_and_the_command_is_there() {
    let page = report(&sample::site(1, 1.0)).unwrap();
    let headline = page.find("/s</span>").unwrap();
    assert!(headline < page.find("<svg").unwrap() && headline < page.find("<table").unwrap());
    assert!(page.contains("benchmarker pages.txt --base http://127.0.0.1:8080"));
    assert!(page.contains("audit 2/2"));
}

#[test]
fn pages_load_nothing_and_run_nothing() {
    let (a, b) = (sample::site(1, 1.0), sample::site(2, 1.3));
    for page in [
        report(&a).unwrap(),
        comparison(&a, &b, &[]).unwrap(),
        comparison(&a, &b, &effects()).unwrap(),
    ] {
        for word in [
            "src=", "<link", "@import", "url(http", "<script>", "onclick", "NaN",
        ] {
            assert!(!page.contains(word), "{word}");
        }
        // Only the raw results are in script elements, and no name of the run opens or ends one.
        let scripts = page.matches("<script").count();
        assert_eq!(
            page.matches("<script type=\"application/json\"").count(),
            scripts
        );
        assert_eq!(page.matches("</script>").count(), scripts);
        assert!(!page.contains("</script><b>"));
    }
}

#[test]
fn a_failed_audit_stands_where_the_number_would() {
    let mut report = sample::site(1, 1.0);
    report.audit[0].result = CheckResult::Failed;
    let page = super::report(&report).unwrap();
    assert!(
        page.contains("A check failed. Little&#39;s law: 1.1 requests"),
        "{page}"
    );
    assert!(!page.contains("class=\"headlines\""));
    assert!(page.contains("audit 1/2"));
}

#[test]
fn what_was_not_steady_has_no_headline() {
    let mut report = sample::site(1, 1.0);
    report.steady = Steady::Drifting { by_share: 0.4 };
    let page = super::report(&report).unwrap();
    assert!(page.contains("There was no steady state: still moving at the end, +40 %."));
    assert!(!page.contains("class=\"headlines\""));
    report.steady = Steady::TooShort { seconds: 5 };
    assert!(
        super::report(&report)
            .unwrap()
            .contains("class=\"headlines\"")
    );
}

#[test]
fn who_reaches_the_ceiling_of_the_generator_is_told() {
    let mut report = sample::site(1, 1.0);
    report.generator.ceiling_per_sec = Some(report.requests_per_sec / 0.8);
    assert!(
        super::report(&report)
            .unwrap()
            .contains("generator-bound: this is 80 %")
    );
}

#[test]
fn a_comparison_of_separate_runs_has_its_caution_and_one_by_turns_has_none() {
    let (a, b) = (sample::site(1, 1.0), sample::site(2, 1.3));
    let separate = comparison(&a, &b, &[]).unwrap();
    let start = &CAUTION[..40];
    assert!(separate.contains(start));
    let by_turns = comparison(&a, &b, &effects()).unwrap();
    assert!(!by_turns.contains(start));
    assert!(by_turns.contains("x1.30 (1.30 to 1.30; A/A "));
    let sentence = Report::read(&by_turns).unwrap_err().to_string();
    assert!(
        sentence.starts_with("this page compares two results"),
        "{sentence}"
    );
}

#[test]
fn names_of_a_run_are_text_in_its_report() {
    let mut report = sample::site(1, 1.0);
    for name in [
        &mut report.target,
        &mut report.command,
        &mut report.steps[0].name,
        &mut report.machine.kernel,
    ] {
        *name = "<img src=x onerror=alert(1)>".to_owned();
    }
    report.audit.push(Check {
        name: "<i>".to_owned(),
        result: CheckResult::Passed,
        detail: "<u>".to_owned(),
    });
    let page = super::report(&report).unwrap();
    for tag in ["<img", "<i>", "<u>"] {
        assert!(!page.contains(tag), "{tag}");
    }
}

#[test]
fn an_empty_result_has_a_report() {
    let page = report(&Report::default()).unwrap();
    assert!(page.contains("No request was answered as expected."));
}
