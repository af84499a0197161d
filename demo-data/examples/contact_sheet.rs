//! Draws many pictures on one sheet, to be judged by eye.
//!
//! `cargo run --release -p demo-data --example contact_sheet -- FILE.png [FIRST COUNT COLUMNS CELL]`

use std::error::Error;

use demo_data::picture::contact_sheet;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments
        .next()
        .unwrap_or_else(|| "contact-sheet.png".to_owned());
    let numbers = arguments
        .map(|a| a.parse::<u32>())
        .collect::<Result<Vec<_>, _>>()?;
    let number = |place: usize, otherwise: u32| numbers.get(place).copied().unwrap_or(otherwise);
    let (first, count, columns, cell) =
        (number(0, 0), number(1, 200), number(2, 6), number(3, 320));
    let sheet = contact_sheet(u64::from(first), count as usize, columns as usize, cell);
    image::save_buffer(
        &file,
        &sheet.rgb,
        sheet.width,
        sheet.height,
        image::ColorType::Rgb8,
    )?;
    println!(
        "{file}: {count} pictures from seed {first}, {} x {}",
        sheet.width, sheet.height
    );
    Ok(())
}
