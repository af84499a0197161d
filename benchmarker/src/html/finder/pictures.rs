//! The elements `img`, `picture` and `source`.

use super::Finder;
use crate::html::part::{Kind, Lazy};
use crate::html::tag::Tag;
use crate::html::{media, srcset};

/// The values of `type` for pictures that Chromium decodes.
const PICTURE_TYPES: [&str; 11] = [
    "image/apng",
    "image/avif",
    "image/bmp",
    "image/gif",
    "image/jpeg",
    "image/jxl",
    "image/png",
    "image/svg+xml",
    "image/vnd.microsoft.icon",
    "image/webp",
    "image/x-icon",
];

impl Finder {
    pub(super) fn source(&mut self, tag: &Tag) {
        if self.picture != Some(None) {
            return; // not in a <picture>, or an earlier source matched
        }
        let media_fits = tag
            .get("media")
            .is_none_or(|m| media::matches(m, self.extent));
        if has_known_type(tag) && media_fits {
            let chosen = tag
                .get("srcset")
                .and_then(|set| self.choose(set, tag.get("sizes")));
            self.picture = Some(chosen);
        }
    }

    pub(super) fn img(&mut self, tag: &Tag) {
        let from_source = self.picture.take().flatten();
        let is_near = self.flow.place(self.slot_px(tag), height_to_width(tag));
        let waits = tag.is("loading", "lazy")
            && match self.window.lazy {
                Lazy::Include => false,
                Lazy::Near => !is_near,
                Lazy::Skip => true,
            };
        if waits {
            return;
        }
        let chosen = from_source.or_else(|| {
            tag.get("srcset")
                .and_then(|set| self.choose(set, tag.get("sizes")))
        });
        self.add(Kind::Picture, chosen.as_deref().or(tag.get("src")));
    }

    /// The width of a picture on the page, by its attributes.
    fn slot_px(&self, tag: &Tag) -> f64 {
        match (tag.get("sizes"), dimension(tag, "width")) {
            (None, Some(width_px)) => width_px,
            (sizes, _) => media::slot_px(sizes.unwrap_or_default(), self.extent),
        }
    }

    pub(super) fn choose(&self, set: &str, sizes: Option<&str>) -> Option<String> {
        let slot_px = media::slot_px(sizes.unwrap_or_default(), self.extent);
        srcset::choose(set, slot_px).map(str::to_owned)
    }
}

pub(super) fn has_known_type(tag: &Tag) -> bool {
    let kind = tag.word("type");
    kind.is_empty() || PICTURE_TYPES.contains(&kind.as_str())
}

/// The aspect ratio of a picture, by its attributes.
fn height_to_width(tag: &Tag) -> Option<f64> {
    Some(dimension(tag, "height")? / dimension(tag, "width")?)
}

fn dimension(tag: &Tag, name: &str) -> Option<f64> {
    let number: f64 = tag.get(name)?.parse().ok()?;
    (number > 0.0).then_some(number)
}
