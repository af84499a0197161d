//! From what is written to what can be done: names become numbers, and what makes no sense is refused.

use std::path::PathBuf;

use toml::Spanned;

use super::chain::Chain;
use super::lists::{self, Files, List};
use super::load::Load;
use super::names::Names;
use super::place::Text;
use super::step::{Method, Step, Taking, Upload};
use super::take::Take;
use super::template::Template;
use super::visit::Visit;
use super::{Need, Scenario, written};
use crate::Error;
use crate::Think;
use crate::pages::without_mark;

/// How many steps a scenario may have.
const STEPS_MAX: usize = 1000;
/// How many bytes a file to upload may have, because it is copied for each upload.
const UPLOAD_BYTES_MAX: usize = 64 << 20;

pub(super) fn scenario(
    text: &str,
    files: Files<'_>,
    given: &[(String, PathBuf)],
) -> Result<Scenario, Error> {
    let text = without_mark(text);
    let place = Text(text);
    let file: written::File = toml::from_str(text).map_err(|error| place.unreadable(&error))?;
    if file.steps.is_empty() || file.steps.len() > STEPS_MAX {
        return Err(Error::nonsense(format!(
            "a scenario has 1 to {STEPS_MAX} steps, each begun by [[step]], not {}",
            file.steps.len()
        )));
    }
    if let Some(width) = file.viewport.as_ref()
        && !(100..=20_000).contains(width.get_ref())
    {
        return Err(place.wrong(&width.span(), "a window is 100 to 20000 px wide"));
    }
    let names = Names::of(place, &file)?;
    let lists = lists::build(place, &file.lists, files, given)?;
    let reader = Reader {
        place,
        files,
        names: &names,
        lists: &lists,
    };
    let steps = file
        .steps
        .iter()
        .map(|step| reader.step(step))
        .collect::<Result<Vec<_>, _>>()?;
    let chains = Chain::build(place, &file.steps, &steps)?;
    let visit = Visit::build(place, &names, &file, &steps, &chains)?;
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
        values: names.taken_len(),
        name: file.name.into(),
        about: file.about.trim().into(),
        require: file.require.map(Into::into),
        viewport_px: file.viewport.map(Spanned::into_inner),
        load: Load::build(place, &file.load)?,
        needs,
        lists,
        steps,
        chains,
        visit,
    })
}

struct Reader<'a> {
    place: Text<'a>,
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
            takes: self.takes(step)?,
            signed_in: step.signed_in,
            think: step.think.map(Think::from),
            then: match &step.then {
                Some(then) => Some(self.names.step(self.place, then)?),
                None => None,
            },
        })
    }

    fn path(&self, step: &written::Step) -> Result<(Method, Template), Error> {
        let (method, path) = match (&step.get, &step.post) {
            (Some(path), None) => (Method::Get, path),
            (None, Some(path)) => (Method::Post, path),
            _ => {
                return Err(self.place.wrong(
                    &step.name.span(),
                    format!(
                        "the step {:?} needs one path: get = \"/...\" or post = \"/...\"",
                        step.name.get_ref()
                    ),
                ));
            }
        };
        let wrong = |why: String| self.place.wrong(&path.span(), why);
        let template =
            Template::parse_path(path.get_ref(), |name| self.names.source(name)).map_err(wrong)?;
        if let Some(list) = template.list_of_paths().map(|list| &self.lists[list])
            && let Some(odd) = list.no_path()
        {
            return Err(wrong(format!(
                "{{{}}} begins the path, but its value {odd:?} is no path that begins with /",
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
            return Err(self.place.wrong(
                &at,
                "a form is sent by post; what a get asks for stands in its path: \"/search?q={word}\"",
            ));
        }
        let written = step.form.iter().flat_map(|form| form.get_ref());
        written
            .map(|(name, value)| {
                if let (Some(at), Some(_)) = (&form, &upload)
                    && name.contains(['"', '\r', '\n'])
                {
                    return Err(self.place.wrong(
                        at,
                        "the fields of an upload have no quotes and no line ends in their names",
                    ));
                }
                let template = Template::parse(value.get_ref(), |name| self.names.source(name))
                    .map_err(|why| self.place.wrong(&value.span(), why))?;
                Ok((name.as_str().into(), template))
            })
            .collect()
    }

    fn takes(&self, step: &written::Step) -> Result<Vec<Taking>, Error> {
        let due = step.take.iter().map(|written| (written, true));
        let perhaps = step.may_take.iter().map(|written| (written, false));
        due.chain(perhaps)
            .map(|((name, take), is_due)| {
                let built = Take::build(take.get_ref())
                    .map_err(|why| self.place.wrong(&take.span(), why))?;
                Ok(Taking {
                    value: self.names.taken(name.get_ref()),
                    take: built,
                    is_due,
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
            Some(weight) => Err(self.place.wrong(
                &weight.span(),
                "a weight is more than 0; without one a step is done only where another names it",
            )),
        }
    }

    fn upload(&self, upload: &Spanned<written::Upload>) -> Result<Upload, Error> {
        let written::Upload { field, file } = upload.get_ref();
        let wrong = |why: String| {
            self.place.wrong(
                &upload.span(),
                format!("the file {} to upload: {why}", file.display()),
            )
        };
        let bytes = self
            .files
            .read(file)
            .map_err(|error| wrong(error.to_string()))?;
        if bytes.len() > UPLOAD_BYTES_MAX {
            return Err(wrong(format!(
                "it has more than {} MB",
                UPLOAD_BYTES_MAX >> 20
            )));
        }
        let file_name = file.file_name().unwrap_or_default().to_string_lossy();
        let breaks_header = |text: &str| text.contains(|c: char| c == '"' || c.is_control());
        if breaks_header(field) || breaks_header(&file_name) {
            return Err(wrong(
                "its name and its field have no quotes and no line ends".to_owned(),
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
            return Err(self.place.wrong(
                &need.path.span(),
                format!("{path:?} cannot be asked for once before the run: a plain path such as \"/feed\" is needed"),
            ));
        }
        Ok(Need {
            path: path.as_str().into(),
            why: need.why.as_str().into(),
        })
    }
}
