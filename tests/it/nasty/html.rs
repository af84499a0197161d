//! What a page offers: links, and forms with their fields.

use std::collections::BTreeMap;

use html5gum::{Token, Tokenizer};

use super::Request;
use super::texts::encoded;

/// A form that is sent by POST.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) action: String,
    pub(super) fields: Vec<Field>,
    is_multipart: bool,
}

/// A field of a form, with what a person could fill in.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    value: String,
    is_file: bool,
}

/// Everything that a page offers.
#[derive(Debug, Default)]
pub(super) struct Offered {
    pub(super) links: Vec<String>,
    pub(super) forms: Vec<Form>,
    /// Fields of forms that are sent as parameters of an address.
    pub(super) parameters: Vec<String>,
}

/// Parts the fields of a form that is sent in pieces.
const EDGE: &str = "a-line-between-fields";

impl Offered {
    pub(super) fn by(page: &str) -> Self {
        let mut offered = Self::default();
        let mut form: Option<(Form, bool)> = None;
        for Ok(token) in Tokenizer::new(page) {
            let (name, attributes, is_start) = match token {
                Token::StartTag(tag) => {
                    let attributes = tag.attributes.into_iter();
                    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                    let attributes = attributes.map(|(name, value)| (text(&name), text(&value)));
                    (text(&tag.name), attributes.collect(), true)
                }
                Token::EndTag(tag) => {
                    let name = String::from_utf8_lossy(&tag.name).into_owned();
                    (name, BTreeMap::new(), false)
                }
                _ => continue,
            };
            let get = |name: &str| attributes.get(name).cloned().unwrap_or_default();
            match (name.as_str(), is_start) {
                ("a" | "link", true) => offered.links.push(get("href")),
                ("img", true) => offered.links.push(get("src")),
                ("form", true) => {
                    let opened = Form {
                        action: get("action"),
                        fields: vec![],
                        is_multipart: get("enctype") == "multipart/form-data",
                    };
                    form = Some((opened, get("method") == "post"));
                }
                ("form", false) => match form.take() {
                    Some((form, true)) => offered.forms.push(form),
                    Some((form, false)) => {
                        let names = form.fields.into_iter().map(|field| field.name);
                        offered.parameters.extend(names);
                    }
                    None => {}
                },
                ("input" | "select" | "textarea" | "button", true) => {
                    let named = !get("name").is_empty();
                    if let Some((form, _)) = form.as_mut().filter(|_| named) {
                        form.add(get("name"), &get("type"), get("value"));
                    }
                }
                ("option", true) => {
                    if let Some(last) = form.as_mut().and_then(|(form, _)| form.fields.last_mut()) {
                        last.value = get("value");
                    }
                }
                _ => {}
            }
        }
        offered
    }
}

impl Form {
    /// Of choices with the same name the first counts.
    fn add(&mut self, name: String, kind: &str, value: String) {
        if self.fields.iter().any(|field| field.name == name) {
            return;
        }
        let value = match (kind, value.is_empty()) {
            ("password", _) => "correct horse battery".to_owned(),
            ("" | "text" | "search", true) => "somebody".to_owned(),
            _ => value,
        };
        self.fields.push(Field {
            name,
            value,
            is_file: kind == "file",
        });
    }

    /// The form as a person would send it, but for the fields that `other` names.
    pub(super) fn filled<'a>(
        &self,
        cookie: &str,
        picture: &[u8],
        other: impl Fn(&str) -> Option<&'a [u8]>,
    ) -> Request {
        let fields = self.fields.iter().map(|field| {
            let value = match other(&field.name) {
                Some(other) => other,
                None if field.is_file => picture,
                None => field.value.as_bytes(),
            };
            (
                field.name.as_bytes().to_vec(),
                value.to_vec(),
                field.is_file,
            )
        });
        self.request(cookie, fields.collect())
    }

    /// The form with a field more, whose name and value are this text; a file has it as its name too.
    pub(super) fn with_another_field(&self, cookie: &str, picture: &[u8], text: &[u8]) -> Request {
        let fields = self.fields.iter().map(|field| {
            let value = if field.is_file {
                picture
            } else {
                field.value.as_bytes()
            };
            (
                field.name.as_bytes().to_vec(),
                value.to_vec(),
                field.is_file,
            )
        });
        let mut fields: Vec<_> = fields.collect();
        fields.push((text.to_vec(), text.to_vec(), true));
        self.request(cookie, fields)
    }

    fn request(&self, cookie: &str, fields: Vec<(Vec<u8>, Vec<u8>, bool)>) -> Request {
        let body = match self.is_multipart {
            true => (
                format!("multipart/form-data; boundary={EDGE}"),
                in_pieces(fields),
            ),
            false => {
                let pairs = fields
                    .iter()
                    .map(|(name, value, _)| format!("{}={}", encoded(name), encoded(value)));
                let pairs: Vec<String> = pairs.collect();
                let kind = "application/x-www-form-urlencoded".to_owned();
                (kind, pairs.join("&").into_bytes())
            }
        };
        Request {
            method: "POST",
            path: self.action.clone(),
            cookie: cookie.to_owned(),
            body: Some(body),
        }
    }
}

/// Fields as multipart/form-data (RFC 7578), names and values as they are.
fn in_pieces(fields: Vec<(Vec<u8>, Vec<u8>, bool)>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value, is_file) in fields {
        body.extend_from_slice(format!("--{EDGE}\r\n").as_bytes());
        body.extend_from_slice(b"Content-Disposition: form-data; name=\"");
        body.extend_from_slice(&name);
        body.push(b'"');
        if is_file {
            body.extend_from_slice(b"; filename=\"");
            body.extend_from_slice(&name);
            body.push(b'"');
        }
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(&value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{EDGE}--\r\n").as_bytes());
    body
}
