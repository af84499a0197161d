//! Draws many pictures on one sheet, to judge them by eye.
//!
//! `cargo run --release -p demo-data --example contact_sheet -- FILE.png [FIRST COUNT COLUMNS CELL FAMILY...]`

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example that a person looks at"
)]

use std::error::Error;

use demo_data::picture::{Scene, contact_sheet_of};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let file = arguments
        .first()
        .map_or("contact-sheet.png", String::as_str);
    let number = |place: usize, otherwise: u32| {
        arguments
            .get(place)
            .map_or(Ok(otherwise), |a| a.parse::<u32>())
    };
    let (first, count, columns, cell) = (
        number(1, 0)?,
        number(2, 200)?,
        number(3, 6)?,
        number(4, 320)?,
    );
    let families = arguments.get(5..).unwrap_or_default();
    let wanted = |seed: &u64| {
        families.is_empty() || families.iter().any(|f| f == Scene::of(*seed).family.name())
    };
    let seeds: Vec<u64> = (u64::from(first)..)
        .filter(wanted)
        .take(count as usize)
        .collect();
    let sheet = contact_sheet_of(&seeds, columns as usize, cell);
    image::save_buffer(
        file,
        &sheet.rgb,
        sheet.width,
        sheet.height,
        image::ColorType::Rgb8,
    )?;
    println!(
        "{file}: {} pictures from seed {first}, {} x {}",
        seeds.len(),
        sheet.width,
        sheet.height
    );
    Ok(())
}
