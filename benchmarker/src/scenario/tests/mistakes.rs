//! Errors in a scenario file, with line and column.

use std::path::{Path, PathBuf};

use super::super::Scenario;

const HOME: &str = "[[step]]\nname = \"home\"\nweight = 1\nget = \"/\"\n";

fn refused(text: &str) -> String {
    match Scenario::parse(text, Path::new("."), &[]) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("accepted: {text}"),
    }
}

#[test]
fn an_error_says_line_and_column_and_what_to_do() {
    for (rest, place, said) in [
        (
            "wieght = 1",
            "line 6, column 1",
            "unknown field `wieght`, expected one of `name`",
        ),
        ("get = \"/x\"", "line 6, column 1", "duplicate key"),
        ("post = \"/x\"", "line 3, column 8", "needs one path"),
        (
            "form = { a = \"b\" }",
            "line 6, column 8",
            "a form is sent by post",
        ),
        ("expect = 99", "line 6, column 10", "not the status"),
        ("expect = [200, 700]", "line 6, column", "not the status"),
        (
            "expect = \"ok\"",
            "line 6, column 10",
            "a status such as 200",
        ),
        (
            "think = \"5\"",
            "line 6, column 9",
            "a number with its unit",
        ),
        ("think = { mean = \"5s\" }", "line 6, column 9", "law"),
        ("then = \"away\"", "line 6, column 8", "no step is called"),
        ("then = \"home\"", "line 3, column 8", "leads to itself"),
        ("signed_in = true", "line 3, column 8", "signs_in"),
        (
            "take = { a = { link = \"x\" } }",
            "line 6, column 14",
            "not a pattern of links",
        ),
        (
            "take = { a = { link = \"/x\", field = \"b\" } }",
            "line 6, column",
            "",
        ),
        (
            "take = { a = { text = \"/x\" } }",
            "line 6, column",
            "unknown variant `text`",
        ),
        (
            "take = { user = { field = \"b\" } }",
            "line 6, column 10",
            "another name",
        ),
        (
            "take = { \"a b\" = { field = \"b\" } }",
            "line 6, column 10",
            "letters, digits",
        ),
        (
            "upload = { field = \"a\", file = \"b\" }",
            "line 6, column",
            "sent by post",
        ),
    ] {
        let error = refused(&format!("name = \"x\"\n{HOME}{rest}\n"));
        assert!(
            error.contains(place) && error.contains(said),
            "{rest}: {error}"
        );
    }
}

#[test]
fn a_mistake_before_the_steps_is_placed_too() {
    for (text, place, said) in [
        ("nmae = 1", "line 2, column 1", "unknown field `nmae`"),
        ("viewport = 5", "line 2, column 12", "100 to 20000"),
        ("a = = 1", "line 2, column", ""),
        ("[load]\nusers = \"5\"", "line 3, column 9", "expected u32"),
        ("[load]\nusers = 0", "line 3, column 9", "users are 1 to"),
        (
            "[visit]\nsteps = 0",
            "line 3, column 9",
            "at least one step",
        ),
        (
            "[visit]\nsteps = { from = 5, to = 2 }",
            "line 3, column 9",
            "smaller number",
        ),
        ("[visit]\nshare = 0.1", "line 3, column 9", "signs_in"),
        (
            "[visit]\nbegins = \"x\"",
            "line 3, column 10",
            "no step is called",
        ),
        (
            "[visit]\nsigns_in = \"home\"\nshare = 2.0",
            "line 4, column 9",
            "between 0 and 1",
        ),
        ("[lists.a]\nvalues = []", "line 2, column 8", "has no value"),
        (
            "[lists.a]\nvalues = [\"a\"]\nrange = { from = 1, to = 2 }",
            "line 2, column 8",
            "one place",
        ),
        (
            "[lists.a]\nrange = { from = 3, to = 2 }",
            "line 3, column 9",
            "from the smaller",
        ),
        (
            "[lists.a]\nfile = \"/nothing/here\"",
            "line 3, column 8",
            "the file /nothing/here of the list a",
        ),
        (
            "[lists.a]\nvalues = [\"a\"]\nzipf = 0",
            "line 4, column 8",
            "more than 0",
        ),
        (
            "[lists.a]\nvalues = [\"a\"]\nhot = { first = 1, share = 0.9 }",
            "line 4, column 7",
            "fewer than there are",
        ),
        (
            "[lists.user]\nvalues = [\"a\"]",
            "line 2, column 8",
            "another name",
        ),
        (
            "[[needs]]\npath = \"{x}\"\nwhy = \"\"",
            "line 3, column 8",
            "a plain path",
        ),
    ] {
        let error = refused(&format!("name = \"x\"\n{text}\n{HOME}"));
        assert!(
            error.contains(place) && error.contains(said),
            "{text}: {error}"
        );
    }
}

#[test]
fn placeholders_must_be_known_and_begin_a_path_only_with_paths() {
    let step = |path: &str| {
        refused(&format!(
            "name = \"x\"\n[lists.word]\nvalues = [\"a\"]\n[[step]]\nname = \"s\"\nweight = 1\nget = \"{path}\"\n"
        ))
    };
    let unknown = step("/people/{nobody}");
    assert!(unknown.contains("line 7, column 7"), "{unknown}");
    assert!(
        unknown.contains("known are visitor, user, random, word"),
        "{unknown}"
    );
    assert!(step("{word}").contains("does not begin with /"));
    assert!(step("/a{").contains("single brace"));
    assert!(step("people").contains("begins with one /"));
}

#[test]
fn a_scenario_in_which_nothing_can_begin_is_refused() {
    let error = refused(
        "name = \"x\"\n[[step]]\nname = \"s\"\nweight = 1\nget = \"{a}\"\nmay_take = { a = { link = \"/*\" } }\n",
    );
    assert!(error.contains("no step to begin with"), "{error}");
    let error = refused("name = \"x\"\n[[step]]\nname = \"s\"\nget = \"/\"\n");
    assert!(
        error.contains("line 3, column 8") && error.contains("nothing leads"),
        "{error}"
    );
    assert!(refused("name = \"x\"").contains("[[step]]"));
    let twice = refused(&format!("name = \"x\"\n{HOME}{HOME}"));
    assert!(
        twice.contains("line 7, column 8") && twice.contains("its own name"),
        "{twice}"
    );
    let begins = "name = \"x\"\n[visit]\nsigns_in = \"in\"\nshare = 0.5\nbegins = \"own\"\n[[step]]\nname = \"in\"\npost = \"/login\"\n[[step]]\nname = \"own\"\nsigned_in = true\nget = \"/\"\n";
    let begins = refused(begins);
    assert!(begins.contains("line 5, column 10"), "{begins}");
}

#[test]
fn a_list_without_values_asks_for_a_file() {
    let text = format!("name = \"x\"\n[lists.pages]\nabout = \"paths\"\n{HOME}");
    let error = refused(&text);
    assert!(error.contains("(paths): give --list pages=FILE"), "{error}");
    let given = [("page".to_owned(), PathBuf::from("x"))];
    let error = Scenario::parse(&text, Path::new("."), &given).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no list page; its lists are: pages")
    );
    let given = [("pages".to_owned(), PathBuf::from("/nothing/here"))];
    let error = Scenario::parse(&text, Path::new("."), &given).unwrap_err();
    assert!(error.to_string().contains("--list pages=/nothing/here"));
}

#[test]
fn a_scenario_that_is_not_there_is_told_of_those_that_are() {
    let error = Scenario::open("twets", &[]).unwrap_err().to_string();
    assert!(
        error.contains("browse, reddit-hug, talk-2007, tweets"),
        "{error}"
    );
}
