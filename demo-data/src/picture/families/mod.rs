//! The families of pictures, one file each.

use super::frame::Frame;
use super::light::{Air, Sun, View};
use super::noise::Dice;
use super::scene::{Family, Light};

mod aerial;
mod bridges;
mod buildings;
mod cities;
mod clouds;
mod coasts;
mod deserts;
mod fields;
mod forests;
mod gardens;
mod lakes;
mod mountains;
mod nights;
mod portraits;
mod ridges;
mod sea;
mod stills;
mod streets;
mod winters;

/// What a family is: its words, the lights that suit it, and how it is drawn.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// What each composition shows; the composition's number is the place in this list.
    pub(crate) subjects: &'static [&'static str],
    /// Lights that suit it; more often named, more often chosen.
    pub(crate) lights: &'static [Light],
    /// How often the camera is turned upright.
    pub(crate) standing: f32,
    pub(crate) draw: fn(&mut Sketch<'_>),
}

/// The kind of a family.
pub(crate) fn kind(family: Family) -> &'static Kind {
    match family {
        Family::Mountains => &mountains::KIND,
        Family::Sea => &sea::KIND,
        Family::Cities => &cities::KIND,
        Family::Ridges => &ridges::KIND,
        Family::Clouds => &clouds::KIND,
        Family::Streets => &streets::KIND,
        Family::Fields => &fields::KIND,
        Family::Nights => &nights::KIND,
        Family::Gardens => &gardens::KIND,
        Family::Deserts => &deserts::KIND,
        Family::Aerial => &aerial::KIND,
        Family::Bridges => &bridges::KIND,
        Family::Lakes => &lakes::KIND,
        Family::Coasts => &coasts::KIND,
        Family::Stills => &stills::KIND,
        Family::Winters => &winters::KIND,
        Family::Forests => &forests::KIND,
        Family::People => &portraits::KIND,
        Family::Buildings => &buildings::KIND,
    }
}

/// A picture about to be drawn, and the chance it is drawn by.
pub(crate) struct Sketch<'a> {
    pub(crate) frame: &'a mut Frame,
    pub(crate) light: Light,
    pub(crate) composition: usize,
    pub(crate) dice: Dice,
}

impl Sketch<'_> {
    /// The air of this picture as seen by a camera with this horizon and focal length.
    pub(crate) fn air(&mut self, horizon: f32, focal: f32, sun: Sun) -> Air {
        let view = View::new(self.frame.aspect(), horizon, focal);
        Air::new(self.light, view, sun, &mut self.dice)
    }
}
