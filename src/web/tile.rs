//! How a page shows a picture: its place in a row, its files, its shape.

use std::fmt::Write as _;

use db::photostream::Thumb;
use domain::{Frame, PhotoId, PhotoToken, Ratio, Tone, UserId, Username, Visibility, urls};
use images::{Encoding, Width};

/// How many pictures of a page load at once; those below the first screen wait until they come near.
const EAGER: usize = 8;

/// A picture in a row, as a template shows it.
#[derive(Debug)]
pub(super) struct Tile {
    /// The page of the photo.
    pub href: String,
    /// May be empty.
    pub title: String,
    /// Class of its shape.
    pub ratio: Ratio,
    /// Class of its placeholder.
    pub tone: Tone,
    /// Where its pictures are.
    pub sources: Sources,
    /// Whether it loads at once.
    pub eager: bool,
    /// The visibility, where the photo is not public.
    pub restricted: Option<Visibility>,
}

/// The addresses of one photo's pictures, and its size at 640 pixels.
#[derive(Debug)]
pub(super) struct Sources {
    /// 320 pixels wide.
    pub small: String,
    /// 640 pixels wide.
    pub medium: String,
    /// 1280 pixels wide.
    pub large: String,
    /// 2048 pixels wide.
    pub huge: String,
    /// How high the picture is when it is 640 wide.
    pub height: u32,
    /// The size of the original.
    frame: Frame,
    /// Owner and token of the public picture; none if the photo is not public.
    public: Option<(UserId, PhotoToken)>,
}

impl Sources {
    /// The addresses for a photo: shared by all when it is public, else answered by the app alone.
    pub(super) fn of(
        owner: UserId,
        name: &Username,
        photo: PhotoId,
        token: PhotoToken,
        visibility: Visibility,
        frame: Frame,
    ) -> Self {
        let at = |width: Width| match visibility {
            Visibility::Public => {
                urls::picture(owner, token, width.pixels(), Encoding::WebP.extension())
            }
            _ => urls::own_picture(name, photo, width.pixels()),
        };
        Self {
            small: at(Width::W320),
            medium: at(Width::W640),
            large: at(Width::W1280),
            huge: at(Width::W2048),
            height: frame.height_at(Width::W640.pixels()),
            frame,
            public: (visibility == Visibility::Public).then_some((owner, token)),
        }
    }

    /// The size in which a page of its own shows the picture at most: that of its largest file.
    pub(super) fn shown(&self) -> Frame {
        self.frame.within(Width::W2048.pixels())
    }

    /// Whether the smallest file is narrower than its name says, because the original is.
    pub(super) fn is_small(&self) -> bool {
        self.frame.within(Width::W320.pixels()) == self.frame
    }

    /// The files to choose from on a page of its own, each once and with its true width.
    pub(super) fn srcset(&self) -> String {
        let files = [
            (&self.medium, Width::W640),
            (&self.large, Width::W1280),
            (&self.huge, Width::W2048),
        ];
        let mut srcset = String::new();
        for (url, width) in files {
            let file = self.frame.within(width.pixels());
            let separator = if srcset.is_empty() { "" } else { ", " };
            // Writing to a string cannot fail.
            let _ = write!(srcset, "{separator}{url} {}w", file.width);
            if file == self.frame {
                break;
            }
        }
        srcset
    }

    /// Where the files of [`srcset`](Self::srcset) lie, and their names there: said once, because only a script reads it.
    pub(super) fn folder_and_names(&self) -> (&str, String) {
        let names = self.medium.rfind('/').map_or(0, |slash| slash + 1);
        let (folder, _) = self.medium.split_at(names);
        (folder, self.srcset().replace(folder, ""))
    }

    /// The picture for other sites, which do not all know WebP; only a public one has it.
    pub(super) fn jpeg(&self) -> Option<String> {
        let (owner, token) = self.public?;
        Some(urls::picture(
            owner,
            token,
            Width::W1280.pixels(),
            Encoding::Jpeg.extension(),
        ))
    }
}

impl Tile {
    /// A tile for the photo at this place of the page.
    pub(super) fn new(owner: UserId, name: &Username, thumb: Thumb, place: usize) -> Self {
        Self {
            href: urls::photo(name, thumb.id),
            ratio: thumb.frame.ratio(),
            tone: thumb.tone,
            sources: Sources::of(
                owner,
                name,
                thumb.id,
                thumb.token,
                thumb.visibility,
                thumb.frame,
            ),
            title: thumb.title,
            eager: place < EAGER,
            restricted: Some(thumb.visibility)
                .filter(|visibility| *visibility != Visibility::Public),
        }
    }

    /// What is read out in place of the picture.
    pub(super) fn alt(&self) -> &str {
        if self.title.is_empty() {
            "Untitled photo"
        } else {
            &self.title
        }
    }
}

/// Tiles for a page of one person's photos.
pub(super) fn tiles(owner: UserId, name: &Username, thumbs: Vec<Thumb>) -> Vec<Tile> {
    thumbs
        .into_iter()
        .enumerate()
        .map(|(place, thumb)| Tile::new(owner, name, thumb, place))
        .collect()
}
