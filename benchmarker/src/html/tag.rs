//! A start tag and its attributes.

/// A start tag while it is parsed.
#[derive(Default)]
pub(super) struct Tag {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    pub(super) fn open(&mut self, name: &[u8]) {
        self.name = text(name);
        self.attributes.clear();
    }

    pub(super) fn attribute(&mut self, name: &[u8]) {
        self.attributes.push((text(name), String::new()));
    }

    pub(super) fn value(&mut self, value: &[u8]) {
        if let Some(last) = self.attributes.last_mut() {
            last.1 = text(value);
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        // The first of two attributes with the same name counts, as in browsers.
        self.attributes
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.trim())
    }

    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.get(name)
            .is_some_and(|v| v.eq_ignore_ascii_case(value))
    }

    /// An attribute in lower case, up to a semicolon; empty when there is none.
    pub(super) fn word(&self, name: &str) -> String {
        let value = self.get(name).unwrap_or_default();
        let essence = value.split(';').next().unwrap_or_default();
        essence.trim().to_ascii_lowercase()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
