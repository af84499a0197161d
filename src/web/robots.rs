//! What search engines may fetch: every page of photos and people, none that holds a form.

use crate::urls::pattern as at;

/// Returns the rules of RFC 9309.
pub(super) async fn show() -> String {
    let mut rules = "User-agent: *\n".to_owned();
    for path in [at::LOGIN, at::REGISTER, at::UPLOAD, at::LAB] {
        rules.push_str("Disallow: ");
        rules.push_str(path);
        rules.push('\n');
    }
    rules
}
