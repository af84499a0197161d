//! Describes a plan of the photostream query in plain words.

use serde_json::Value;

/// How many photos the query returns at most: those of a page, and one to learn whether there are more.
const WANTED: f64 = 41.0;

/// The prefix of the names of indexes whose first column is the owner.
const OF_ONE_OWNER: &str = "photos_userid";

/// How PostgreSQL executed the photostream query.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    /// What it did, without the subject: `reads 12 rows in order from photos_userid_public`.
    pub did: String,
    /// How many blocks of 8 kB it read. PostgreSQL calls them pages, which here means pages of the site.
    pub blocks: u64,
    /// How long it took.
    pub ms: f64,
}

/// Describes the output of `explain (analyze, buffers, format json)`; `None` if it has another form.
pub fn in_words(plan: &str) -> Option<Words> {
    let plan: Value = serde_json::from_str(plan).ok()?;
    let top = plan.get(0)?;
    let root = top.get("Plan")?;
    let count = |what: &str| root.get(what).and_then(Value::as_u64).unwrap_or(0);
    Some(Words {
        did: reads(
            find(root, &|node| text(node, "Relation Name") == "photos")?,
            sorts(root),
        ),
        blocks: count("Shared Hit Blocks") + count("Shared Read Blocks"),
        ms: top.get("Execution Time")?.as_f64()?,
    })
}

/// How the plan reads `photos`.
fn reads(node: &Value, sorts: bool) -> String {
    // For a node that ran several times, or on several workers, PostgreSQL reports means.
    let loops = number(node, "Actual Loops").max(1.0);
    let rows = number(node, "Actual Rows") * loops;
    let thrown_away = number(node, "Rows Removed by Filter") * loops;
    let (rows_text, thrown_text) = (grouped(rows), grouped(thrown_away));
    let photos = if rows == 1.0 { "photo" } else { "photos" };
    let index = text(node, "Index Name");
    let then = if sorts { " and sorts them" } else { "" };
    match text(node, "Node Type") {
        "Index Scan" | "Index Only Scan" if index.starts_with(OF_ONE_OWNER) => {
            format!("reads {rows_text} {photos} in order from {index}")
        }
        // The primary key, or the index of explore.
        "Index Scan" | "Index Only Scan" if rows >= WANTED => format!(
            "walks the photos of everybody, the newest first, through {index} until it has met {rows_text} \
             of this person, and throws {thrown_text} of other people away"
        ),
        "Index Scan" | "Index Only Scan" => format!(
            "walks all photos of everybody, the newest first, through {index}, finds {rows_text}, and throws \
             {thrown_text} of other people away"
        ),
        "Bitmap Heap Scan" => {
            let index = node
                .get("Plans")
                .and_then(|plans| plans.get(0))
                .map_or("", |below| text(below, "Index Name"));
            format!("collects {rows_text} {photos} through {index}{then}")
        }
        "Seq Scan" => format!(
            "reads the whole table, throws {thrown_text} photos of other people away, finds {rows_text}{then}"
        ),
        other => format!("answers by {other}, which finds {rows_text} {photos}{then}"),
    }
}

fn sorts(root: &Value) -> bool {
    // The outermost sort orders the few rows of the page; a sort without `users` below it sorts photos.
    find(root, &|node| {
        text(node, "Node Type") == "Sort"
            && find(node, &|below| text(below, "Relation Name") == "users").is_none()
    })
    .is_some()
}

/// The first node from above that is wanted.
fn find<'a>(node: &'a Value, wanted: &impl Fn(&Value) -> bool) -> Option<&'a Value> {
    if wanted(node) {
        return Some(node);
    }
    let below = node.get("Plans").and_then(Value::as_array);
    below?.iter().find_map(|node| find(node, wanted))
}

fn text<'a>(node: &'a Value, name: &str) -> &'a str {
    node.get(name).and_then(Value::as_str).unwrap_or("")
}

fn number(node: &Value, name: &str) -> f64 {
    node.get(name).and_then(Value::as_f64).unwrap_or(0.0)
}

/// A count with separated thousands.
pub(super) fn grouped(count: f64) -> String {
    let digits = format!("{count:.0}");
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(node: &str) -> String {
        format!(
            r#"[{{"Plan": {{"Node Type": "Nested Loop", "Shared Hit Blocks": 5, "Shared Read Blocks": 1, "Plans": [
                {{"Node Type": "Index Scan", "Index Name": "users_name_taken", "Relation Name": "users"}},
                {{"Node Type": "Limit", "Plans": [{node}]}}]}}, "Execution Time": 0.05}}]"#
        )
    }

    fn photos(kind: &str, index: &str, rows: u32, thrown_away: u32) -> String {
        format!(
            r#"{{"Node Type": "{kind}", "Index Name": "{index}", "Relation Name": "photos",
                "Actual Rows": {rows}, "Actual Loops": 1, "Rows Removed by Filter": {thrown_away},
                "Plans": [{{"Node Type": "Bitmap Index Scan", "Index Name": "photos_userid_taken"}}]}}"#
        )
    }

    #[test]
    fn a_plan_reads_as_a_sentence() {
        let sorted = |node: String| format!(r#"{{"Node Type": "Sort", "Plans": [{node}]}}"#);
        let cases = [
            (
                photos("Index Scan", "photos_userid_public", 12, 0),
                "reads 12 photos in order from photos_userid_public",
            ),
            (
                photos("Index Scan", "photos_public", 12, 999_988),
                "walks all photos of everybody, the newest first, through photos_public, finds 12, and throws \
                 999,988 of other people away",
            ),
            (
                photos("Index Scan", "photos_pkey", 41, 900),
                "walks the photos of everybody, the newest first, through photos_pkey until it has met 41 of \
                 this person, and throws 900 of other people away",
            ),
            (
                sorted(photos("Seq Scan", "", 12, 999_988)),
                "reads the whole table, throws 999,988 photos of other people away, finds 12 and sorts \
                 them",
            ),
            (
                sorted(photos("Bitmap Heap Scan", "", 1, 0)),
                "collects 1 photo through photos_userid_taken and sorts them",
            ),
        ];
        for (node, expected) in cases {
            let words = in_words(&plan(&node)).expect(expected);
            assert_eq!((words.did.as_str(), words.blocks), (expected, 6));
        }
    }

    #[test]
    fn what_is_no_plan_has_no_words() {
        for text in ["", "[]", "{}", r#"[{"Plan": {"Node Type": "Result"}}]"#] {
            assert_eq!(in_words(text), None, "{text}");
        }
    }
}
