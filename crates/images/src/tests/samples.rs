//! Pictures for tests, made on the spot: nothing to load, nothing to licence.

use std::io::{Cursor, Write};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// Four quarters: red, green over blue, white. Shows every turn and flip.
pub(crate) fn quarters(width: u32, height: u32) -> RgbImage {
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
pub(crate) fn seen(picture: &RgbImage) -> String {
    let (right, low) = (picture.width() * 3 / 4, picture.height() * 3 / 4);
    let (left, high) = (picture.width() / 4, picture.height() / 4);
    [(left, high), (right, high), (left, low), (right, low)]
        .map(|(x, y)| letter(*picture.get_pixel(x, y)))
        .iter()
        .collect()
}

pub(crate) fn jpeg(width: u32, height: u32) -> Vec<u8> {
    jpeg_with(width, height, |_| ())
}

pub(crate) fn progressive_jpeg(width: u32, height: u32) -> Vec<u8> {
    jpeg_with(width, height, |encoder| encoder.set_progressive(true))
}

/// A JPEG with four times as many samples of brightness as of colour, in one scan or in three.
pub(crate) fn coarse_jpeg(width: u32, height: u32, split: bool) -> Vec<u8> {
    jpeg_with(width, height, |encoder| {
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
        // The encoder knows no other way to write three scans.
        encoder.set_optimized_huffman_tables(split);
    })
}

/// A JPEG with EXIF: the orientation and the date.
pub(crate) fn jpeg_with_exif(width: u32, height: u32, exif: &[u8]) -> Vec<u8> {
    jpeg_with(width, height, |encoder| {
        encoder.add_exif_metadata(exif).unwrap();
    })
}

pub(crate) fn jpeg_with(
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

pub(crate) fn png(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

pub(crate) fn webp(width: u32, height: u32) -> Vec<u8> {
    let picture = quarters(width, height);
    webp::Encoder::from_rgb(&picture, width, height)
        .encode(80.0)
        .to_vec()
}

/// A lossy WebP of nothing but black.
pub(crate) fn webp_of_black(width: u32, height: u32) -> Vec<u8> {
    let picture = RgbImage::new(width, height);
    webp::Encoder::from_rgb(&picture, width, height)
        .encode(1.0)
        .to_vec()
}

/// A WebP of nothing but black, without loss: some thirty bytes.
pub(crate) fn webp_without_loss(width: u32, height: u32) -> Vec<u8> {
    let picture = RgbImage::new(width, height);
    webp::Encoder::from_rgb(&picture, width, height)
        .encode_lossless()
        .to_vec()
}

/// A WebP file of two frames.
pub(crate) fn moving_webp() -> Vec<u8> {
    let config = webp::WebPConfig::new().unwrap();
    let picture = quarters(16, 16);
    let mut film = webp::AnimEncoder::new(16, 16, &config);
    film.add_frame(webp::AnimFrame::from_rgb(&picture, 16, 16, 0));
    let other = RgbImage::new(16, 16);
    film.add_frame(webp::AnimFrame::from_rgb(&other, 16, 16, 100));
    film.encode().to_vec()
}

/// A chunk of a PNG file.
pub(crate) fn png_chunk(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let mut chunk = u32::try_from(content.len()).unwrap().to_be_bytes().to_vec();
    chunk.extend_from_slice(&kind);
    chunk.extend_from_slice(content);
    let mut sum = flate2::Crc::new();
    sum.update(&chunk[4..]);
    chunk.extend_from_slice(&sum.sum().to_be_bytes());
    chunk
}

/// A well-formed black PNG that claims any size, and holds this many rows of it.
pub(crate) fn png_claiming(width: u32, height: u32, rows: u32) -> Vec<u8> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..rows {
        packer.write_all(&vec![0; width as usize + 1]).unwrap();
    }
    let data = packer.finish().unwrap();
    png_of_chunks(width, height, [8, 0, 0], &data)
}

/// A PNG of nothing but a header: bits a channel, and a kind of colour as the format counts them.
pub(crate) fn png_header_claiming(width: u32, height: u32, depth: u8, colour: u8) -> Vec<u8> {
    png_of_chunks(width, height, [depth, colour, 0], b"")
}

fn png_of_chunks(width: u32, height: u32, kind: [u8; 3], data: &[u8]) -> Vec<u8> {
    let [depth, colour, interlaced] = kind;
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    // Between them the one compression and the one way to filter.
    header.extend_from_slice(&[depth, colour, 0, 0, interlaced]);
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend(png_chunk(*b"IHDR", &header));
    bytes.extend(png_chunk(*b"IDAT", data));
    bytes.extend(png_chunk(*b"IEND", b""));
    bytes
}

/// Puts chunks behind the header of a PNG.
pub(crate) fn png_with(mut file: Vec<u8>, chunks: &[u8]) -> Vec<u8> {
    let header_end = 8 + 12 + 13;
    file.splice(header_end..header_end, chunks.iter().copied());
    file
}

/// A WebP that carries an EXIF block.
pub(crate) fn webp_with_exif(width: u32, height: u32, exif: &[u8]) -> Vec<u8> {
    webp_on_canvas((width, height), &webp(width, height), exif)
}

/// A WebP whose outer header claims this size, whatever that of its picture.
pub(crate) fn webp_on_canvas((width, height): (u32, u32), webp: &[u8], exif: &[u8]) -> Vec<u8> {
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
    content.extend_from_slice(&webp[12..]);
    content.extend(chunk(b"EXIF", exif));
    chunk(b"RIFF", &content)
}

/// A JPEG whose header claims any size.
pub(crate) fn jpeg_claiming(width: u16, height: u16) -> Vec<u8> {
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
pub(crate) const SECRET: &str = "Kept Secret Camera";

/// An EXIF block: orientation, a maker's secret, a place (52.5 north, 13.4 east), and when the
/// shutter was pressed.
pub(crate) fn exif(orientation: u16, taken: &str) -> Vec<u8> {
    exif_with(orientation, &[(0x9003, taken)])
}

/// An EXIF block with a moment of the exposure and one of the digitizing.
pub(crate) fn exif_of_two_dates(taken: &str, digitized: &str) -> Vec<u8> {
    exif_with(1, &[(0x9003, taken), (0x9004, digitized)])
}

fn exif_with(orientation: u16, dates: &[(u16, &str)]) -> Vec<u8> {
    let text = |text: &str| (2, [text.as_bytes(), b"\0"].concat());
    let numbers = |numbers: &[u32]| -> Vec<u8> {
        numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect()
    };
    let pointer = || (4, numbers(&[0]));
    let dates: Vec<_> = dates.iter().map(|(tag, date)| (*tag, text(date))).collect();
    let place = [(1, text("N")), (2, (5, numbers(&[52, 1, 30, 1, 0, 1])))];
    let main = [
        (0x010f, text(SECRET)),
        (0x0112, (3, orientation.to_le_bytes().to_vec())),
        (0x8769, pointer()),
        (0x8825, pointer()),
    ];
    let mut block = b"II\x2a\0\x08\0\0\0".to_vec();
    let pointers = tiff_table(&mut block, &main);
    for (pointer, table) in pointers[2..].iter().zip([&dates[..], &place]) {
        let at = u32::try_from(block.len()).unwrap().to_le_bytes();
        block[*pointer..*pointer + 4].copy_from_slice(&at);
        tiff_table(&mut block, table);
    }
    block
}

/// Appends a table of TIFF: names, kinds and contents. Returns where each value, or the place of it,
/// stands.
fn tiff_table(block: &mut Vec<u8>, entries: &[(u16, (u16, Vec<u8>))]) -> Vec<usize> {
    let mut contents_at = block.len() + 2 + 12 * entries.len() + 4;
    let (mut contents, mut places) = (Vec::new(), Vec::new());
    block.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
    for (tag, (kind, content)) in entries {
        let size = [1, 1, 2, 4, 8][usize::from(*kind) - 1];
        block.extend(tag.to_le_bytes());
        block.extend(kind.to_le_bytes());
        block.extend(u32::try_from(content.len() / size).unwrap().to_le_bytes());
        places.push(block.len());
        if content.len() <= 4 {
            block.extend_from_slice(content);
            block.resize(block.len() + 4 - content.len(), 0);
        } else {
            block.extend(u32::try_from(contents_at).unwrap().to_le_bytes());
            contents.extend_from_slice(content);
            contents_at += content.len();
        }
    }
    block.extend([0; 4]);
    block.extend(contents);
    places
}

/// A JPEG of nothing but black, as short as an encoder can make it.
pub(crate) fn jpeg_of_black(width: u16, height: u16, progressive: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 50);
    encoder.set_progressive(progressive);
    encoder.set_optimized_huffman_tables(true);
    let pixels = vec![0; usize::from(width) * usize::from(height)];
    encoder
        .encode(&pixels, width, height, jpeg_encoder::ColorType::Luma)
        .unwrap();
    bytes
}

/// An ICC profile of four dull inks: what each full mixture of them looks like, and between those a
/// straight line. littlecms 2.14 reads it, too.
pub(crate) fn ink_profile() -> Vec<u8> {
    // Lightness and two colours of CIE Lab; black changes fastest, then yellow, magenta, cyan.
    const MIXTURES: [[i32; 3]; 16] = [
        [100, 0, 0],
        [16, 0, 0],
        [89, -5, 93],
        [14, 0, 4],
        [48, 74, -3],
        [12, 8, 0],
        [47, 68, 48],
        [11, 6, 4],
        [55, -37, -50],
        [12, -5, -8],
        [50, -68, 25],
        [11, -6, 2],
        [24, 22, -46],
        [9, 2, -6],
        [23, 0, 0],
        [6, 0, 0],
    ];
    let words = |numbers: &[i32]| -> Vec<u8> {
        numbers
            .iter()
            .flat_map(|number| number.to_be_bytes())
            .collect()
    };
    let white = words(&[63_190, 65_536, 54_061]);
    let mut table = b"mft1\0\0\0\0\x04\x03\x02\0".to_vec();
    table.extend((0..9).flat_map(|n| words(&[if n % 4 == 0 { 65_536 } else { 0 }])));
    let unchanged: Vec<u8> = (0..=255).collect();
    table.extend(unchanged.repeat(4));
    table.extend(MIXTURES.iter().flat_map(|[light, a, b]| {
        [(light * 255 + 50) / 100, a + 128, b + 128].map(|byte| u8::try_from(byte).unwrap())
    }));
    table.extend(unchanged.repeat(3));
    let white_point = [b"XYZ \0\0\0\0", &white[..]].concat();

    let mut header = vec![0; 4];
    header.extend_from_slice(b"none\x02\x40\0\0prtrCMYKLab ");
    header.resize(36, 0);
    header.extend_from_slice(b"acsp");
    header.resize(68, 0);
    header.extend(white);
    header.resize(128, 0);
    let mut profile = header;
    profile.extend(words(&[2]));
    let mut at = 128 + 4 + 2 * 12;
    for (name, content) in [(b"A2B0", &table), (b"wtpt", &white_point)] {
        profile.extend_from_slice(name);
        profile.extend(words(&[at, i32::try_from(content.len()).unwrap()]));
        at += i32::try_from(content.len()).unwrap();
    }
    profile.extend(table);
    profile.extend(white_point);
    let length = u32::try_from(profile.len()).unwrap();
    profile[..4].copy_from_slice(&length.to_be_bytes());
    profile
}

/// A JPEG of one mixture of cyan, magenta, yellow and black.
pub(crate) fn jpeg_of_inks(
    ink: [u8; 4],
    colours: jpeg_encoder::ColorType,
    profile: Option<&[u8]>,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 95);
    if let Some(profile) = profile {
        encoder.add_icc_profile(profile).unwrap();
    }
    encoder
        .encode(&ink.repeat(64 * 48), 64, 48, colours)
        .unwrap();
    bytes
}

/// A PNG of bytes that are packed here as well as possible. Its kind: bits, colours, interlaced.
pub(crate) fn png_of_bytes((width, height): (u32, u32), kind: [u8; 3], unpacked: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(unpacked).unwrap();
    png_of_chunks(width, height, kind, &packer.finish().unwrap())
}
