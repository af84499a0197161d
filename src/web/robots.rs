//! What search engines may fetch: every page but the form of uploads, which only members see, and the
//! lab, which is about this machine.

use domain::urls::pattern as at;

/// Returns the rules of RFC 9309.
pub(super) async fn show() -> String {
    let mut rules = "User-agent: *\n".to_owned();
    for path in [at::UPLOAD, at::LAB] {
        rules.push_str("Disallow: ");
        rules.push_str(path);
        rules.push('\n');
    }
    rules
}
