//! The families of pictures, one file each.

use super::kinds::Family;
use super::recipe::Recipe;

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

impl Family {
    /// A short lower-case name, fit for a tag.
    pub fn name(self) -> &'static str {
        recipe(self).name
    }
}

/// The recipe of a family.
pub(crate) fn recipe(family: Family) -> &'static Recipe {
    match family {
        Family::Mountains => &mountains::RECIPE,
        Family::Sea => &sea::RECIPE,
        Family::Cities => &cities::RECIPE,
        Family::Ridges => &ridges::RECIPE,
        Family::Clouds => &clouds::RECIPE,
        Family::Streets => &streets::RECIPE,
        Family::Fields => &fields::RECIPE,
        Family::Nights => &nights::RECIPE,
        Family::Gardens => &gardens::RECIPE,
        Family::Deserts => &deserts::RECIPE,
        Family::Aerial => &aerial::RECIPE,
        Family::Bridges => &bridges::RECIPE,
        Family::Lakes => &lakes::RECIPE,
        Family::Coasts => &coasts::RECIPE,
        Family::Stills => &stills::RECIPE,
        Family::Winters => &winters::RECIPE,
        Family::Forests => &forests::RECIPE,
        Family::People => &portraits::RECIPE,
        Family::Buildings => &buildings::RECIPE,
    }
}
