//! Checks a scenario file and makes a [`Scenario`] of it: names become numbers.

use std::path::PathBuf;

use toml::Spanned;

use super::definition::{Need, Scenario};
use super::dependencies::Dependencies;
use super::extract::Extract;
use super::lists::{self, Files, List};
use super::load::Load;
use super::names::Names;
use super::place::Text;
use super::step::{Extraction, Method, Step, Upload};
use super::template::Template;
use super::visit::Visit;
use super::written;
use crate::Error;
use crate::page_list::without_mark;

/// How many steps a scenario may have.
const STEPS_MAX: usize = 1000;
/// How many bytes a file to upload may have, because it is copied for each upload.
const UPLOAD_BYTES_MAX: usize = 64 << 20;

pub(super) fn scenario(
    text: &str,
    files: Files<'_>,
    given: &[(String, PathBuf)],
) -> Result<Scenario, Error> {
    let toml = without_mark(text);
    let text = Text(toml);
    let file: written::File = toml::from_str(toml).map_err(|error| text.toml_error(&error))?;
    if file.steps.is_empty() || file.steps.len() > STEPS_MAX {
        return Err(Error::invalid(format!(
            "a scenario has 1 to {STEPS_MAX} steps, each beginning with [[step]], not {}",
            file.steps.len()
        )));
    }
    if let Some(width) = file.viewport.as_ref()
        && !(100..=20_000).contains(width.get_ref())
    {
        return Err(text.error_at(&width.span(), "a window is 100 to 20000 px wide"));
    }
    let names = Names::of(text, &file)?;
    let lists = lists::build(text, &file.lists, files, given)?;
    let reader = Reader {
        text,
        files,
        names: &names,
        lists: &lists,
    };
    let steps = file
        .steps
        .iter()
        .map(|step| reader.step(step))
        .collect::<Result<Vec<_>, _>>()?;
    let dependencies = Dependencies::build(text, &file.steps, &steps)?;
    let visit = Visit::build(text, &names, &file, &steps, &dependencies)?;
    let needs = file
        .needs
        .iter()
        .map(|need| reader.need(need))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Scenario {
        step_names: file
            .steps
            .iter()
            .map(|step| step.name.get_ref().as_str().into())
            .collect(),
        extracted_names: names.extracted_len(),
        name: file.name.into(),
        about: file.about.trim().into(),
        require: file.require.map(Into::into),
        viewport_px: file.viewport.map(Spanned::into_inner),
        load: Load::build(text, &file.load)?,
        needs,
        lists,
        steps,
        dependencies,
        visit,
    })
}

struct Reader<'a> {
    text: Text<'a>,
    files: Files<'a>,
    names: &'a Names,
    lists: &'a [List],
}

impl Reader<'_> {
    fn step(&self, step: &written::Step) -> Result<Step, Error> {
        let (method, path) = self.path(step)?;
        Ok(Step {
            weight: self.weight(step)?,
            method,
            path,
            fields: self.fields(step, method)?,
            upload: step.upload.as_ref().map(|u| self.upload(u)).transpose()?,
            parts: step.parts,
            expect: match &step.expect {
                Some(statuses) => statuses.get_ref().0.clone(),
                None => Vec::new(),
            },
            extractions: self.extractions(step)?,
            signed_in: step.signed_in,
            think: step.think.map(|think| think.0),
            then: match &step.then {
                Some(then) => Some(self.names.step(self.text, then)?),
                None => None,
            },
        })
    }

    fn path(&self, step: &written::Step) -> Result<(Method, Template), Error> {
        let (method, path) = match (&step.get, &step.post) {
            (Some(path), None) => (Method::Get, path),
            (None, Some(path)) => (Method::Post, path),
            _ => {
                return Err(self.text.error_at(
                    &step.name.span(),
                    format!(
                        "the step {:?} needs one path: get = \"/...\" or post = \"/...\"",
                        step.name.get_ref()
                    ),
                ));
            }
        };
        let error = |why: String| self.text.error_at(&path.span(), why);
        let template =
            Template::parse_path(path.get_ref(), |name| self.names.source(name)).map_err(error)?;
        if let Some(list) = template.list_of_paths().map(|list| &self.lists[list])
            && let Some(odd) = list.first_non_path()
        {
            return Err(error(format!(
                "{{{}}} begins the path, but its value {odd:?} does not begin with /",
                list.name
            )));
        }
        Ok((method, template))
    }

    fn fields(
        &self,
        step: &written::Step,
        method: Method,
    ) -> Result<Vec<(Box<str>, Template)>, Error> {
        let form = step.form.as_ref().map(Spanned::span);
        let upload = step.upload.as_ref().map(Spanned::span);
        if let Some(at) = form.clone().or(upload.clone())
            && method == Method::Get
        {
            return Err(self.text.error_at(
                &at,
                "a form is sent by post; the query of a get belongs into its path: \"/search?q={word}\"",
            ));
        }
        let written = step.form.iter().flat_map(|form| form.get_ref());
        written
            .map(|(name, value)| {
                if let (Some(at), Some(_)) = (&form, &upload)
                    && name.contains(['"', '\r', '\n'])
                {
                    return Err(self.text.error_at(
                        at,
                        "the field names of an upload cannot contain quotes or line ends",
                    ));
                }
                let template = Template::parse(value.get_ref(), |name| self.names.source(name))
                    .map_err(|why| self.text.error_at(&value.span(), why))?;
                Ok((name.as_str().into(), template))
            })
            .collect()
    }

    fn extractions(&self, step: &written::Step) -> Result<Vec<Extraction>, Error> {
        let required = step.take.iter().map(|written| (written, true));
        let optional = step.may_take.iter().map(|written| (written, false));
        required
            .chain(optional)
            .map(|((name, written), is_required)| {
                let extract = Extract::build(written.get_ref())
                    .map_err(|why| self.text.error_at(&written.span(), why))?;
                Ok(Extraction {
                    value: self.names.extracted(name.get_ref()),
                    extract,
                    is_required,
                })
            })
            .collect()
    }

    fn weight(&self, step: &written::Step) -> Result<f64, Error> {
        match &step.weight {
            None => Ok(0.0),
            Some(weight) if weight.get_ref().is_finite() && *weight.get_ref() > 0.0 => {
                Ok(*weight.get_ref())
            }
            Some(weight) => Err(self.text.error_at(
                &weight.span(),
                "a weight is more than 0; a step without one is done only where another names it",
            )),
        }
    }

    fn upload(&self, upload: &Spanned<written::Upload>) -> Result<Upload, Error> {
        let written::Upload { field, file } = upload.get_ref();
        let error = |why: String| {
            self.text.error_at(
                &upload.span(),
                format!("the upload file {}: {why}", file.display()),
            )
        };
        let bytes = self
            .files
            .read(file)
            .map_err(|cause| error(cause.to_string()))?;
        if bytes.len() > UPLOAD_BYTES_MAX {
            return Err(error(format!(
                "it has more than {} MB",
                UPLOAD_BYTES_MAX >> 20
            )));
        }
        let file_name = file.file_name().unwrap_or_default().to_string_lossy();
        let breaks_header = |text: &str| text.contains(|c: char| c == '"' || c.is_control());
        if breaks_header(field) || breaks_header(&file_name) {
            return Err(error(
                "its name and its field cannot contain quotes or control characters".to_owned(),
            ));
        }
        Ok(Upload {
            field: field.as_str().into(),
            file_name: file_name.as_ref().into(),
            bytes: bytes.into(),
        })
    }

    fn need(&self, need: &written::Need) -> Result<Need, Error> {
        let path = need.path.get_ref();
        let plain = path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic());
        if !plain || path.contains(['{', '}', '#']) {
            return Err(self.text.error_at(
                &need.path.span(),
                format!("{path:?} cannot be requested before the run: write a plain path such as \"/feed\""),
            ));
        }
        Ok(Need {
            path: path.as_str().into(),
            why: need.why.as_str().into(),
        })
    }
}
