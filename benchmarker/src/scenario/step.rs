//! One step: its request, its form, and the values that it extracts from the response.

use url::form_urlencoded::Serializer;

use super::extract::Extract;
use super::template::{Source, Template};
use crate::Think;

/// The boundary between the parts of an upload; long enough not to occur in a picture.
const BOUNDARY: &str = "----benchmarker-7d1f5c0a9e3b4826";

/// The HTTP method of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
}

impl Method {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// One thing that visitors do: a request, its redirects, and the values it extracts.
#[derive(Debug)]
pub(super) struct Step {
    /// How often it is drawn, relative to the others; 0 when only another step leads to it.
    pub(super) weight: f64,
    pub(super) method: Method,
    pub(super) path: Template,
    pub(super) fields: Vec<(Box<str>, Template)>,
    pub(super) upload: Option<Upload>,
    pub(super) parts: bool,
    /// The statuses that the first response may have; empty: all below 400.
    pub(super) expect: Vec<u16>,
    pub(super) extractions: Vec<Extraction>,
    /// Whether it is only for visitors who are signed in (`true`), or only for others (`false`).
    pub(super) signed_in: Option<bool>,
    pub(super) think: Option<Think>,
    /// The step that follows immediately.
    pub(super) then: Option<usize>,
}

/// A value that is extracted from the response.
#[derive(Debug)]
pub(super) struct Extraction {
    /// The number of its name.
    pub(super) value: usize,
    pub(super) extract: Extract,
    /// Whether the step fails without it.
    pub(super) is_required: bool,
}

/// A file that a form uploads.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) field: Box<str>,
    pub(super) file_name: Box<str>,
    pub(super) bytes: Box<[u8]>,
}

impl Step {
    pub(super) fn reads_body(&self) -> bool {
        let mut extractions = self.extractions.iter();
        extractions.any(|extraction| extraction.extract.reads_body())
    }

    pub(super) fn expects(&self, status: u16) -> bool {
        match self.expect.as_slice() {
            [] => status < 400,
            expected => expected.contains(&status),
        }
    }

    /// The numbers of the extracted values that the request needs.
    pub(super) fn needs(&self) -> impl Iterator<Item = usize> + '_ {
        let templates = std::iter::once(&self.path).chain(self.fields.iter().map(|(_, t)| t));
        templates
            .flat_map(Template::sources)
            .filter_map(|source| match source {
                Source::Extracted(value) => Some(value),
                _ => None,
            })
    }

    /// Writes the form as a browser would and returns its content type.
    pub(super) fn write_body(
        &self,
        body: &mut Vec<u8>,
        mut value: impl FnMut(Source, &mut String),
    ) -> &'static str {
        let mut text = String::new();
        let Some(upload) = &self.upload else {
            let mut form = Serializer::new(String::new());
            for (name, template) in &self.fields {
                text.clear();
                template.fill(&mut text, &mut value);
                form.append_pair(name, &text);
            }
            body.extend_from_slice(form.finish().as_bytes());
            return "application/x-www-form-urlencoded";
        };
        for (name, template) in &self.fields {
            text.clear();
            template.fill(&mut text, &mut value);
            let head =
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(text.as_bytes());
            body.extend_from_slice(b"\r\n");
        }
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
            upload.field,
            upload.file_name,
            upload.content_type(),
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&upload.bytes);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        "multipart/form-data; boundary=----benchmarker-7d1f5c0a9e3b4826"
    }
}

impl Upload {
    /// The content type that a browser derives from the file's name.
    fn content_type(&self) -> &'static str {
        let extension = self.file_name.rsplit('.').next().unwrap_or_default();
        match extension.to_ascii_lowercase().as_str() {
            "jpg" | "jpeg" => "image/jpeg",
            "png" => "image/png",
            "webp" => "image/webp",
            "gif" => "image/gif",
            "txt" => "text/plain",
            _ => "application/octet-stream",
        }
    }
}
