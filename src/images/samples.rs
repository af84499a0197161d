//! Pictures for tests, made on the spot: nothing to load, nothing to licence.

use std::io::{Cursor, Write};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// Four quarters: red, green over blue, white. Shows every turn and flip.
pub(super) fn quarters(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb(match (x < width / 2, y < height / 2) {
            (true, true) => [230, 20, 20],
            (false, true) => [20, 200, 20],
            (true, false) => [20, 20, 230],
            (false, false) => [250, 250, 250],
        })
    })
}

/// Which quarter a colour of [`quarters`] is nearest to, as one letter.
fn letter(pixel: Rgb<u8>) -> char {
    match pixel.0.map(|value| value > 128) {
        [true, false, false] => 'r',
        [false, true, false] => 'g',
        [false, false, true] => 'b',
        [true, true, true] => 'w',
        _ => '?',
    }
}

/// The four quarters of a picture in reading order, as letters: `rgbw` is upright.
pub(super) fn seen(picture: &RgbImage) -> String {
    let (right, low) = (picture.width() * 3 / 4, picture.height() * 3 / 4);
    let (left, high) = (picture.width() / 4, picture.height() / 4);
    [(left, high), (right, high), (left, low), (right, low)]
        .map(|(x, y)| letter(*picture.get_pixel(x, y)))
        .iter()
        .collect()
}

pub(super) fn jpeg(width: u32, height: u32) -> Vec<u8> {
    jpeg_with(width, height, |_| ())
}

pub(super) fn progressive_jpeg(width: u32, height: u32) -> Vec<u8> {
    jpeg_with(width, height, |encoder| encoder.set_progressive(true))
}

/// A JPEG with four times as many samples of brightness as of colour, in one scan or in three.
pub(super) fn coarse_jpeg(width: u32, height: u32, split: bool) -> Vec<u8> {
    jpeg_with(width, height, |encoder| {
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
        // The encoder knows no other way to write three scans.
        encoder.set_optimized_huffman_tables(split);
    })
}

/// A JPEG that says how the camera was held and when the shutter was pressed.
pub(super) fn jpeg_with_exif(width: u32, height: u32, exif: &[u8]) -> Vec<u8> {
    jpeg_with(width, height, |encoder| {
        encoder.add_exif_metadata(exif).unwrap();
    })
}

pub(super) fn jpeg_with(
    width: u32,
    height: u32,
    settings: impl FnOnce(&mut jpeg_encoder::Encoder<&mut Vec<u8>>),
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
    settings(&mut encoder);
    encoder
        .encode(
            &quarters(width, height),
            u16::try_from(width).unwrap(),
            u16::try_from(height).unwrap(),
            jpeg_encoder::ColorType::Rgb,
        )
        .unwrap();
    bytes
}

pub(super) fn png(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

pub(super) fn webp(width: u32, height: u32) -> Vec<u8> {
    let picture = quarters(width, height);
    webp::Encoder::from_rgb(&picture, width, height)
        .encode(80.0)
        .to_vec()
}

/// A WebP file of two frames.
pub(super) fn moving_webp() -> Vec<u8> {
    let config = webp::WebPConfig::new().unwrap();
    let picture = quarters(16, 16);
    let mut film = webp::AnimEncoder::new(16, 16, &config);
    film.add_frame(webp::AnimFrame::from_rgb(&picture, 16, 16, 0));
    let other = RgbImage::new(16, 16);
    film.add_frame(webp::AnimFrame::from_rgb(&other, 16, 16, 100));
    film.encode().to_vec()
}

/// A chunk of a PNG file.
pub(super) fn png_chunk(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let mut chunk = u32::try_from(content.len()).unwrap().to_be_bytes().to_vec();
    chunk.extend_from_slice(&kind);
    chunk.extend_from_slice(content);
    let mut sum = flate2::Crc::new();
    sum.update(&chunk[4..]);
    chunk.extend_from_slice(&sum.sum().to_be_bytes());
    chunk
}

/// A well-formed PNG of black that claims any size, and holds so many rows of it.
pub(super) fn png_claiming(width: u32, height: u32, rows: u32) -> Vec<u8> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..rows {
        packer.write_all(&vec![0; width as usize + 1]).unwrap();
    }
    let data = packer.finish().unwrap();
    png_of_chunks(width, height, [8, 0], &data)
}

/// A PNG of nothing but a header: bits a channel, and a kind of colour as the format counts them.
pub(super) fn png_header_claiming(width: u32, height: u32, depth: u8, colour: u8) -> Vec<u8> {
    png_of_chunks(width, height, [depth, colour], b"")
}

fn png_of_chunks(width: u32, height: u32, kind: [u8; 2], data: &[u8]) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend_from_slice(&kind);
    // The one compression, the one filter, not interlaced.
    header.extend_from_slice(&[0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend(png_chunk(*b"IHDR", &header));
    bytes.extend(png_chunk(*b"IDAT", data));
    bytes.extend(png_chunk(*b"IEND", b""));
    bytes
}

/// Puts chunks behind the header of a PNG.
pub(super) fn png_with(mut file: Vec<u8>, chunks: &[u8]) -> Vec<u8> {
    let header_end = 8 + 12 + 13;
    file.splice(header_end..header_end, chunks.iter().copied());
    file
}

/// A WebP that carries an EXIF block.
pub(super) fn webp_with_exif(width: u32, height: u32, exif: &[u8]) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], content: &[u8]| {
        let mut chunk = kind.to_vec();
        chunk.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        chunk.extend_from_slice(content);
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    };
    // Flag 3: there is an EXIF block. Sizes are written less one, in three bytes.
    let mut features = vec![0x08, 0, 0, 0];
    for side in [width, height] {
        features.extend_from_slice(&(side - 1).to_le_bytes()[..3]);
    }
    let mut content = b"WEBP".to_vec();
    content.extend(chunk(b"VP8X", &features));
    content.extend_from_slice(&webp(width, height)[12..]);
    content.extend(chunk(b"EXIF", exif));
    chunk(b"RIFF", &content)
}

/// A JPEG whose header claims any size.
pub(super) fn jpeg_claiming(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = jpeg(16, 16);
    let frame = bytes
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .unwrap();
    bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

/// The words by which a test finds metadata that should not be there.
pub(super) const SECRET: &str = "Kept Secret Camera";

/// An EXIF block: orientation, a maker's secret, a place (52.5 north, 13.4 east), and when the
/// shutter was pressed.
pub(super) fn exif(orientation: u16, taken: &str) -> Vec<u8> {
    let mut taken = taken.as_bytes().to_vec();
    taken.push(0);
    let mut secret = SECRET.as_bytes().to_vec();
    secret.push(0);
    let (main, below, place) = (8_u32, 8 + 2 + 4 * 12 + 4, 8 + 2 + 4 * 12 + 4 + 2 + 12 + 4);
    let texts = place + 2 + 2 * 12 + 4;
    let secret_at = texts + taken.len() as u32;
    let length = |text: &[u8]| text.len() as u32;
    let latitude_at = secret_at + length(&secret);

    let mut block = b"II\x2a\0".to_vec();
    block.extend(main.to_le_bytes());
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        let mut bytes = tag.to_le_bytes().to_vec();
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(value.to_le_bytes());
        bytes
    };
    block.extend(4_u16.to_le_bytes());
    block.extend(entry(0x010f, 2, length(&secret), secret_at));
    block.extend(entry(0x0112, 3, 1, u32::from(orientation)));
    block.extend(entry(0x8769, 4, 1, below));
    block.extend(entry(0x8825, 4, 1, place));
    block.extend(0_u32.to_le_bytes());
    block.extend(1_u16.to_le_bytes());
    block.extend(entry(0x9003, 2, length(&taken), texts));
    block.extend(0_u32.to_le_bytes());
    block.extend(2_u16.to_le_bytes());
    block.extend(entry(1, 2, 2, u32::from(b'N')));
    block.extend(entry(2, 5, 3, latitude_at));
    block.extend(0_u32.to_le_bytes());
    block.extend(taken);
    block.extend(secret);
    for number in [52_u32, 1, 30, 1, 0, 1] {
        block.extend(number.to_le_bytes());
    }
    block
}
