//! The elements `link` and `script`.

use super::Finder;
use super::pictures::has_known_type;
use crate::html::media;
use crate::html::part::Kind;
use crate::html::tag::Tag;

/// The valid values of `as` of a preload; Chromium ignores preloads with others or none.
const PRELOADED: [&str; 6] = ["script", "style", "image", "font", "fetch", "track"];

impl Finder {
    pub(super) fn link(&mut self, tag: &Tag) {
        let rel = tag.get("rel").unwrap_or_default().to_ascii_lowercase();
        let has = |word: &str| rel.split_ascii_whitespace().any(|w| w == word);
        if has("stylesheet") {
            // Sheets for other media, and alternate ones, are fetched too, only later.
            if matches!(tag.word("type").as_str(), "" | "text/css") && tag.get("disabled").is_none()
            {
                self.add_sheet(tag.get("href"));
            }
        } else if has("preload") {
            self.preload(tag);
        } else if has("modulepreload") {
            self.add(Kind::Static, tag.get("href"));
        } else if has("icon") {
            self.icon = tag.get("href").map(str::to_owned);
        } else if has("prefetch") || has("manifest") {
            let part = self.part(Kind::Static, tag.get("href"));
            self.afterwards.extend(part);
        }
    }

    fn preload(&mut self, tag: &Tag) {
        let purpose = tag.word("as");
        let media_fits = tag
            .get("media")
            .is_none_or(|m| media::matches(m, self.extent));
        if !media_fits || !PRELOADED.contains(&purpose.as_str()) {
            return;
        }
        if purpose != "image" {
            self.add(Kind::Static, tag.get("href"));
        } else if has_known_type(tag) {
            let chosen = tag
                .get("imagesrcset")
                .and_then(|set| self.choose(set, tag.get("imagesizes")));
            self.add(Kind::Picture, chosen.as_deref().or(tag.get("href")));
        }
    }

    pub(super) fn script(&mut self, tag: &Tag) {
        let kind = tag.get("type").unwrap_or_default().to_ascii_lowercase();
        let runs = match kind.as_str() {
            "module" => true,
            "" => tag.get("nomodule").is_none(),
            other => {
                let ours = ["javascript", "ecmascript", "jscript"];
                ours.iter().any(|end| other.ends_with(end)) && tag.get("nomodule").is_none()
            }
        };
        if runs {
            self.add(Kind::Static, tag.get("src"));
        }
    }
}
