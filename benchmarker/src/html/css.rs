//! Finds the imports of a style sheet.
//!
//! Fonts and backgrounds are not listed: a browser fetches them only for rules that apply to an
//! element of the page, which is unknown without layout.

use cssparser::{Parser, Token};

/// The addresses of `@import`, as written. Chromium fetches them for any medium; that it supports their
/// conditions is assumed.
pub(super) fn imports(css: &str) -> Vec<String> {
    let mut parser = Parser::new(css);
    let mut found = Vec::new();
    // Imports precede all rules; other statements may be between them.
    while let Ok(Token::AtKeyword(name)) = parser.next().cloned() {
        if name.eq_ignore_ascii_case("import") {
            let Ok(address) = parser.expect_url_or_string() else {
                break;
            };
            found.push(address.to_string());
        } else if !name.eq_ignore_ascii_case("charset") && !name.eq_ignore_ascii_case("layer") {
            break;
        }
        if !ends_in_semicolon(&mut parser) {
            break; // a layer with rules in it: no import may follow
        }
    }
    found
}

/// Reads the rest of a statement; returns whether it ends in a semicolon, and not in a block.
fn ends_in_semicolon(parser: &mut Parser<'_>) -> bool {
    loop {
        match parser.next() {
            Ok(Token::Semicolon) => return true,
            Ok(Token::CurlyBracketBlock) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::imports;

    #[test]
    fn imports_are_found_as_long_as_they_may_stand() {
        for (css, expected) in [
            (
                r#"@import "a.css"; @import url(b.css); @IMPORT url( "c.css" ) ;"#,
                &["a.css", "b.css", "c.css"][..],
            ),
            (
                r#"@charset "utf-8"; @layer a, b; /* @import "no.css"; */ @import 'a.css'"#,
                &["a.css"],
            ),
            (r#"body { margin: 0 } @import "late.css";"#, &[]),
            (r#"@layer a { p { margin: 0 } } @import "late.css";"#, &[]),
            (r#"@media screen { } @import "late.css";"#, &[]),
            (
                r#"@import "a.css" layer(base) supports(display: grid) print and (min-width: 600px); @import "b.css";"#,
                &["a.css", "b.css"],
            ),
            (r#"@import "a.css" layer;"#, &["a.css"]),
            (r#"@import "a\2e css";"#, &["a.css"]),
            ("p { background: url(no.png) }", &[]),
            ("@import", &[]),
            ("", &[]),
        ] {
            assert_eq!(imports(css), expected, "{css}");
        }
    }
}
