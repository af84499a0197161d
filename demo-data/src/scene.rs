//! What a seed will show.

/// What kind of photo a scene is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Mountains,
    Sea,
    City,
}

impl Family {
    pub(crate) const ALL: [Self; 3] = [Self::Mountains, Self::Sea, Self::City];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mountains => "mountains",
            Self::Sea => "sea",
            Self::City => "city",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Light {
    Morning,
    Dusk,
}

impl Light {
    pub(crate) const ALL: [Self; 2] = [Self::Morning, Self::Dusk];

    pub(crate) fn phrase(self) -> &'static str {
        match self {
            Self::Morning => "in the morning",
            Self::Dusk => "at dusk",
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) family: Family,
    pub(crate) light: Light,
    pub(crate) shape: Shape,
    pub(crate) tone: u8,
    pub(crate) subject: &'static str,
}

impl Scene {
    pub(crate) fn of(seed: u64) -> Self {
        let family = Family::ALL[(seed % 3) as usize];
        let light = Light::ALL[(seed / 3 % 2) as usize];
        let shape = Shape { width: 6000, height: 4000 };
        let subject = ["mountain lake", "open sea", "city at the river"][(seed % 3) as usize];
        Self { family, light, shape, tone: (seed % 216) as u8, subject }
    }
}
