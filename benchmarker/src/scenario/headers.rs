//! The headers that a browser adds to a request.
//!
//! Browsers send the `Sec-Fetch-` headers only to trusted sites, over https or on this machine; we
//! send them always. Not sent: `Sec-Fetch-User`, client hints, languages.

use super::jar::Jar;
use super::step::Method;

/// Where a request of a visitor comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    /// The site, as in the header `Origin`: `http://127.0.0.1:8080`.
    pub(super) origin: &'a str,
    /// The path of the page that the visitor is on.
    pub(super) page: Option<&'a str>,
    pub(super) jar: &'a Jar,
}

impl Context<'_> {
    /// The headers of a page: an address typed in when there was no page before, otherwise a link or
    /// a form of that page.
    pub(super) fn write_for_page(self, method: Method, out: &mut String) {
        let site = match (method, self.page) {
            (Method::Get, None) => "none",
            _ => "same-origin",
        };
        self.write(site, "navigate", "document", out);
        if method == Method::Post {
            line(out, "Origin", &[self.origin]);
        }
    }

    /// The headers of a part of the page.
    pub(super) fn write_for_part(self, path: &str, is_picture: bool, out: &mut String) {
        let file = path.split('?').next().unwrap_or_default();
        let destination = match file.rsplit('.').next() {
            _ if is_picture => "image",
            Some("css") => "style",
            Some("js" | "mjs") => "script",
            _ => "empty",
        };
        self.write("same-origin", "no-cors", destination, out);
    }

    fn write(self, site: &str, mode: &str, destination: &str, out: &mut String) {
        line(out, "Sec-Fetch-Site", &[site]);
        line(out, "Sec-Fetch-Mode", &[mode]);
        line(out, "Sec-Fetch-Dest", &[destination]);
        if site == "same-origin" {
            line(out, "Referer", &[self.origin, self.page.unwrap_or("/")]);
        }
        self.jar.write(out);
    }
}

/// Appends a header line whose value is the concatenation of `value`.
pub(super) fn line(out: &mut String, name: &str, value: &[&str]) {
    out.push_str(name);
    out.push_str(": ");
    value.iter().for_each(|part| out.push_str(part));
    out.push_str("\r\n");
}
