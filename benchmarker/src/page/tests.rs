use super::*;
use crate::chart::Dot;
use crate::compare::{Better, Block, CAUTION, effect};
use crate::saved::{Check, sample};

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
    let saved = sample::site(1, 1.0);
    let page = report(&saved).unwrap();
    assert_eq!(Saved::read(&page).unwrap(), saved);
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
    let mut saved = sample::site(1, 1.0);
    saved.audit[0].passed = false;
    let page = report(&saved).unwrap();
    assert!(
        page.contains("An audit failed. Little&#39;s law: 1.1 requests"),
        "{page}"
    );
    assert!(!page.contains("class=\"headlines\""));
    assert!(page.contains("audit 1/2"));
}

#[test]
fn what_was_not_steady_has_no_headline() {
    let mut saved = sample::site(1, 1.0);
    saved.steady = Steady::Drifting { by_share: 0.4 };
    let page = report(&saved).unwrap();
    assert!(page.contains("There was no steady state: still moving at the end, +40 %."));
    assert!(!page.contains("class=\"headlines\""));
    saved.steady = Steady::TooShort { seconds: 5 };
    assert!(report(&saved).unwrap().contains("class=\"headlines\""));
}

#[test]
fn who_reaches_the_ceiling_of_the_generator_is_told() {
    let mut saved = sample::site(1, 1.0);
    saved.generator.ceiling_per_sec = Some(saved.requests_per_sec / 0.8);
    assert!(
        report(&saved)
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
    assert!(by_turns.contains("x1.30 (1.30 to 1.30; the same twice "));
    let sentence = Saved::read(&by_turns).unwrap_err().to_string();
    assert!(
        sentence.starts_with("this page compares two results"),
        "{sentence}"
    );
}

#[test]
fn names_of_a_run_are_text_in_its_report() {
    let mut saved = sample::site(1, 1.0);
    for name in [
        &mut saved.target,
        &mut saved.command,
        &mut saved.steps[0].name,
        &mut saved.machine.kernel,
    ] {
        *name = "<img src=x onerror=alert(1)>".to_owned();
    }
    saved.audit.push(Check {
        name: "<i>".to_owned(),
        passed: true,
        says: "<u>".to_owned(),
    });
    let page = report(&saved).unwrap();
    for tag in ["<img", "<i>", "<u>"] {
        assert!(!page.contains(tag), "{tag}");
    }
}

#[test]
fn an_empty_result_has_a_report() {
    let page = report(&Saved::default()).unwrap();
    assert!(page.contains("No request was answered as asked."));
}
