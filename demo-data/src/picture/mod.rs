//! Photos that never were: each drawn from its seed, a million different ones.
//!
//! [`Scene::of`] gives what a seed shows without drawing it; [`draw`] draws it, the same picture at
//! every width and on every machine.
//!
//! To read in this order: `scene` chooses family, light, shape and film of a seed; `families` has a
//! recipe for each family; `draw` runs it on a frame and develops the result.

mod kinds;
mod scene;
mod shape;

mod draw;
mod families;
mod pixels;
mod post;
mod recipe;
mod sheet;

// The scenery that recipes share.
mod land;
mod light;
mod relief;
mod sky;
mod water;

// The material: colours, films, noise, numbers.
mod bloom;
mod colour;
mod dice;
mod frame;
mod maths;
mod noise;
mod palette;
mod tones;
mod veil;

#[cfg(test)]
mod tests;

pub use draw::draw;
pub use kinds::{Family, Light};
pub use pixels::Picture;
pub use scene::Scene;
pub use shape::Shape;
pub use sheet::{contact_sheet, contact_sheet_of};
