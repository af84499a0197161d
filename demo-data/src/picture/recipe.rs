//! What a family of pictures provides, and the sketch it draws on.

use super::dice::Dice;
use super::frame::Frame;
use super::kinds::Light;
use super::light::{Air, Sun, View};

/// A family: its words, the lights that suit it, and how it is drawn.
pub(crate) struct Recipe {
    pub(crate) name: &'static str,
    /// What each composition shows; the composition's number is the place in this list.
    pub(crate) subjects: &'static [&'static str],
    /// Lights that suit it; a light in the list twice is chosen twice as often.
    pub(crate) lights: &'static [Light],
    /// The share of pictures in portrait format.
    pub(crate) portrait: f32,
    pub(crate) draw: fn(&mut Sketch<'_>),
}

/// A picture about to be drawn, and its random numbers.
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
