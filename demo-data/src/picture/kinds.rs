//! The kinds of photos and of light.

/// What kind of photo a scene is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Family {
    Mountains,
    Sea,
    Cities,
    Ridges,
    Clouds,
    Streets,
    Fields,
    Nights,
    Gardens,
    Deserts,
    Aerial,
    Bridges,
    Lakes,
    Coasts,
    Stills,
    Winters,
    Forests,
    People,
    Buildings,
}

impl Family {
    /// Every family, in the order of the enumeration.
    pub const ALL: [Self; 19] = [
        Self::Mountains,
        Self::Sea,
        Self::Cities,
        Self::Ridges,
        Self::Clouds,
        Self::Streets,
        Self::Fields,
        Self::Nights,
        Self::Gardens,
        Self::Deserts,
        Self::Aerial,
        Self::Bridges,
        Self::Lakes,
        Self::Coasts,
        Self::Stills,
        Self::Winters,
        Self::Forests,
        Self::People,
        Self::Buildings,
    ];
}

/// The hour and weather that light a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Light {
    Dawn,
    Sunrise,
    Morning,
    Mist,
    Noon,
    Afternoon,
    Overcast,
    Storm,
    Golden,
    Sunset,
    Afterglow,
    Dusk,
    Night,
    Winter,
}

impl Light {
    /// Every light, in the order of the enumeration.
    pub const ALL: [Self; 14] = [
        Self::Dawn,
        Self::Sunrise,
        Self::Morning,
        Self::Mist,
        Self::Noon,
        Self::Afternoon,
        Self::Overcast,
        Self::Storm,
        Self::Golden,
        Self::Sunset,
        Self::Afterglow,
        Self::Dusk,
        Self::Night,
        Self::Winter,
    ];
}
