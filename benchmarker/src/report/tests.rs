//! The JSON of a report: written, read, refused.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::measure::{Tier, histogram};
use crate::rules::Rules;

fn schema() -> Value {
    serde_json::from_str(include_str!("../../schema/result-2.json")).unwrap()
}

fn said(text: &str) -> String {
    Report::read(text).unwrap_err().to_string()
}

#[test]
fn a_result_is_read_as_it_was_written() {
    let report = sample::site(1, 1.0);
    assert_eq!(Report::read(&report.to_json().unwrap()).unwrap(), report);
    let nothing = Report::default();
    assert_eq!(Report::read(&nothing.to_json().unwrap()).unwrap(), nothing);
}

#[test]
fn a_result_is_what_its_schema_says() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for report in [
        sample::site(1, 1.0),
        Report {
            started: "2026-11-24T14:03:30Z".to_owned(),
            ..Report::default()
        },
    ] {
        let value = serde_json::to_value(&report).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}

#[test]
fn the_schema_refuses_what_is_no_result() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let good = serde_json::to_value(sample::site(1, 1.0)).unwrap();
    for (place, wrong) in [
        ("/schema", Value::from(1)),
        ("/requests/total", Value::from(-1)),
        ("/load/model", Value::from("half open")),
        ("/seconds/0/tiers/0/counts/0", serde_json::json!([1])),
        ("/steady", serde_json::json!({"state": "moody"})),
        ("/requests_per_sec", Value::from("many")),
        ("/histograms/request", Value::from("not base64!")),
    ] {
        let mut value = good.clone();
        *value.pointer_mut(place).unwrap() = wrong;
        assert!(!validator.is_valid(&value), "{place}");
    }
}

#[test]
fn another_format_is_refused_in_a_sentence() {
    assert_eq!(
        said(r#"{"schema": 1, "whatever": []}"#),
        "this result has version 1, and this benchmarker reads version 2: read it with the benchmarker \
         that wrote it, or measure again"
    );
    assert!(said("{}").starts_with("this JSON has no \"schema\""));
    assert!(said("requests/sec: 5").starts_with("this is not a result of benchmarker"));
    assert!(
        said(r#"{"schema": 2}"#).starts_with("this result of version 2 is damaged: missing field")
    );
    assert!(said("<p>hello").starts_with("this HTML holds no result"));
}

#[test]
fn a_damaged_histogram_is_said() {
    let json = sample::site(1, 1.0).to_json().unwrap();
    let from = json.find("\"service\": \"").unwrap() + "\"service\": \"".len();
    let damaged = format!("{}AAAA{}", &json[..from], &json[from + 4..]);
    assert!(
        said(&damaged).contains("a histogram cannot be read"),
        "{}",
        said(&damaged)
    );
}

#[test]
fn nothing_in_a_result_ends_the_script_element_it_stands_in() {
    let report = sample::site(1, 1.0);
    let json = report.to_json_for_html().unwrap();
    assert!(!json.contains('<'), "{json}");
    assert_eq!(Report::read(&json).unwrap(), report);
    let page = |id: &str| {
        format!(
            "<!doctype html><script type=\"application/json\" id=\"{id}\">{json}</script><p>end"
        )
    };
    assert_eq!(Report::read(&page(ELEMENT_ID)).unwrap(), report);
    assert!(said(&page("benchmarker-result-a")).starts_with("this page compares two results"));
}

#[test]
fn the_counts_of_all_seconds_are_the_counts_of_the_run() {
    let report = sample::site(1, 1.0);
    let counts = report.counts_by_tier();
    let totals: Vec<(Tier, u64)> = counts.iter().map(|c| (c.tier, c.counts.total())).collect();
    let answering = report.tiers.answering();
    let expected: Vec<(Tier, u64)> = answering.map(|(tier, t)| (tier, t.requests)).collect();
    assert_eq!(totals, expected);
}

#[test]
fn a_result_in_doubt_has_null_for_its_headline_and_is_read_with_numbers() {
    let mut report = sample::site(1, 1.0);
    report.audit[0].result = CheckResult::Failed;
    let json = report.to_json().unwrap();
    let value: Value = serde_json::from_str(&json).unwrap();
    for name in ["requests_per_sec", "average_request_ms", "pages_per_sec"] {
        assert_eq!(value[name], Value::Null, "{name}");
    }
    let errors: Vec<_> = jsonschema::validator_for(&schema())
        .unwrap()
        .iter_errors(&value)
        .map(|e| e.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(Report::read(&json).unwrap(), report);
}

#[test]
fn rules_judge_a_saved_result() {
    let report = sample::site(1, 1.0);
    let broken = |rules: &str| Rules::parse(rules).unwrap().broken_by(&report).len();
    assert_eq!(
        broken("p50<1ms,p99.9<1s,pages.p95<1s,rate>900,step(a photo).failed=0,failed<1%"),
        0
    );
    assert_eq!(
        broken("failed=0,step(sign in).failed=0,step(nobody).p50<1s,pages.p99.9<1s"),
        4
    );
}

proptest! {
    #[test]
    fn histograms_survive_the_file(values in prop::collection::vec(1..3_600_000_000_u64, 0..200)) {
        let mut request = histogram::empty();
        for value in values {
            request.record(value).unwrap();
        }
        let times = Histograms { request, ..Histograms::default() };
        let json = serde_json::to_string(&times).unwrap();
        prop_assert_eq!(serde_json::from_str::<Histograms>(&json).unwrap(), times);
    }

    #[test]
    fn no_file_whatever_makes_the_reader_fall(text in ".*") {
        let _ = Report::read(&text);
        let _ = Report::read(&format!("<{text}"));
    }
}
