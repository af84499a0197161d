//! Files of the three formats with a canary in every field that a program can write.

use std::io::Write as _;

use image::{DynamicImage, RgbImage};
use moxcms::{ColorProfile, ProfileText};

/// What every canary begins with.
pub(super) const CANARY: &str = "canary";

/// Hatches canaries, no two alike, so that one that is found names its field.
#[derive(Default)]
pub(super) struct Aviary {
    hatched: u32,
}

impl Aviary {
    pub(super) fn canary(&mut self) -> String {
        self.hatched += 1;
        format!("{CANARY}{:03}", self.hatched)
    }

    /// Files that are accepted, and how their names end.
    pub(super) fn accepted(&mut self) -> Vec<(&'static str, Vec<u8>)> {
        let (little, big) = (self.exif(true), self.exif(false));
        let prefixed = [b"Exif\0\0", &little[..]].concat();
        vec![
            ("jpg", self.jpeg(&little)),
            ("jpeg", self.jpeg(&big)),
            ("png", self.png(&little)),
            ("png", self.png(&prefixed)),
            ("webp", self.webp(&little)),
            ("webp", self.webp(&prefixed)),
        ]
    }

    /// Files that are refused, and why.
    pub(super) fn refused(&mut self) -> Vec<(&'static str, Vec<u8>)> {
        let exif = self.exif(true);
        let (jpeg, png, webp) = (self.jpeg(&exif), self.png(&exif), self.webp(&exif));
        let half = |file: &[u8]| file[..file.len() / 2].to_vec();
        let frame = jpeg
            .windows(2)
            .rposition(|pair| pair == [0xff, 0xc0])
            .expect("a frame");
        let changed = |at: usize, bytes: &[u8]| {
            let mut file = jpeg.clone();
            file[at..at + bytes.len()].copy_from_slice(bytes);
            file
        };
        let broken = png
            .windows(4)
            .position(|kind| kind == b"IDAT")
            .expect("data");
        let mut broken_png = png.clone();
        broken_png[broken + 9] ^= 0x55;
        vec![
            ("half a JPEG", half(&jpeg)),
            ("half a PNG", half(&png)),
            ("half a WebP", half(&webp)),
            ("too short", changed(frame + 5, &[0x27, 0x10, 0x27, 0x10])),
            ("too large", changed(frame + 5, &[0xff, 0xff, 0xff, 0xff])),
            ("arithmetic", changed(frame + 1, &[0xc9])),
            ("a broken PNG", broken_png),
            ("a text", self.canary().into_bytes()),
            ("a GIF", format!("GIF89a{}", self.canary()).into_bytes()),
            (
                "a drawing",
                format!("<svg><title>{}</title></svg>", self.canary()).into_bytes(),
            ),
        ]
    }

    fn jpeg(&mut self, exif: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
        encoder.add_exif_metadata(exif).expect("it fits");
        encoder.add_icc_profile(&self.profile()).expect("it fits");
        let xmp = [b"http://ns.adobe.com/xap/1.0/\0", self.xmp().as_bytes()].concat();
        encoder.add_app_segment(1, xmp).expect("it fits");
        encoder.add_app_segment(13, self.iptc()).expect("it fits");
        encoder
            .add_app_segment(5, self.canary().into_bytes())
            .expect("it fits");
        encoder
            .encode(&[90; 64 * 48 * 3], 64, 48, jpeg_encoder::ColorType::Rgb)
            .expect("a picture");
        // A comment, which the encoder does not write.
        let note = self.canary();
        let mut comment = vec![0xff, 0xfe, 0, note.len() as u8 + 2];
        comment.extend(note.bytes());
        bytes.splice(2..2, comment);
        bytes
    }

    fn png(&mut self, exif: &[u8]) -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        DynamicImage::from(RgbImage::new(64, 48))
            .write_to(&mut bytes, image::ImageFormat::Png)
            .expect("a picture");
        let mut file = bytes.into_inner();
        let word = self.canary();
        let chunks = [
            chunk(b"eXIf", exif),
            chunk(
                b"iCCP",
                &[word.as_bytes(), b"\0\0", &packed(&self.profile())].concat(),
            ),
            chunk(b"tEXt", format!("Author\0{}", self.canary()).as_bytes()),
            chunk(b"tEXt", format!("{}\0a word", self.canary()).as_bytes()),
            chunk(
                b"zTXt",
                &[b"Comment\0\0", &packed(self.canary().as_bytes())[..]].concat(),
            ),
            chunk(
                b"iTXt",
                format!("XML:com.adobe.xmp\0\0\0\0\0{}", self.xmp()).as_bytes(),
            ),
            chunk(b"prVt", self.canary().as_bytes()),
        ]
        .concat();
        file.splice(33..33, chunks);
        file
    }

    fn webp(&mut self, exif: &[u8]) -> Vec<u8> {
        let picture = RgbImage::new(64, 48);
        let plain = webp::Encoder::from_rgb(&picture, 64, 48)
            .encode(80.0)
            .to_vec();
        // A profile, EXIF and XMP are announced; sizes are written less one.
        let features = [0b10_1100, 0, 0, 0, 63, 0, 0, 47, 0, 0];
        let mut content = b"WEBP".to_vec();
        content.extend(riff(b"VP8X", &features));
        content.extend(riff(b"ICCP", &self.profile()));
        content.extend_from_slice(&plain[12..]);
        content.extend(riff(b"EXIF", exif));
        content.extend(riff(b"XMP ", self.xmp().as_bytes()));
        content.extend(riff(b"PRVT", self.canary().as_bytes()));
        riff(b"RIFF", &content)
    }

    fn xmp(&mut self) -> String {
        format!(
            "<x:xmpmeta xmlns:x='adobe:ns:meta/'><dc:title>{}</dc:title><dc:creator>{}</dc:creator>\
             <photoshop:City>{}</photoshop:City></x:xmpmeta>",
            self.canary(),
            self.canary(),
            self.canary()
        )
    }

    /// The block of Photoshop that holds caption, author and city for agencies.
    fn iptc(&mut self) -> Vec<u8> {
        let mut fields = Vec::new();
        for field in [5, 25, 80, 90, 105, 116, 120] {
            let text = self.canary();
            fields.extend([0x1c, 2, field, 0, text.len() as u8]);
            fields.extend(text.bytes());
        }
        let mut block = b"Photoshop 3.0\08BIM\x04\x04\0\0".to_vec();
        block.extend(u32::try_from(fields.len()).expect("it fits").to_be_bytes());
        block.extend(fields);
        block
    }

    fn profile(&mut self) -> Vec<u8> {
        let mut profile = ColorProfile::new_display_p3();
        profile.description = Some(ProfileText::PlainString(self.canary()));
        profile.copyright = Some(ProfileText::PlainString(self.canary()));
        profile.encode().expect("a profile")
    }

    /// EXIF with a canary in every text of its four tables.
    fn exif(&mut self, little_endian: bool) -> Vec<u8> {
        const MAIN: [u16; 8] = [
            0x010d, 0x010e, 0x010f, 0x0110, 0x0131, 0x013b, 0x013c, 0x8298,
        ];
        const WIDE: [u16; 4] = [0x9c9b, 0x9c9c, 0x9c9d, 0x9c9e];
        const EXPOSURE: [u16; 14] = [
            0x8824, 0x9003, 0x9004, 0x9010, 0x9011, 0x927c, 0x9286, 0x9290, 0xa420, 0xa430, 0xa431,
            0xa433, 0xa434, 0xa435,
        ];
        const PLACE: [u16; 6] = [0x0008, 0x0012, 0x001b, 0x001c, 0x001d, 0x0001];
        let mut text = |tag: u16| (tag, 2, format!("{}\0", self.canary()).into_bytes());
        let mut main: Vec<_> = MAIN.map(&mut text).into();
        main.extend(WIDE.map(|tag| {
            let (_, _, narrow) = text(tag);
            (tag, 1, narrow.iter().flat_map(|byte| [*byte, 0]).collect())
        }));
        let exposure: Vec<_> = EXPOSURE.map(&mut text).into();
        let place: Vec<_> = PLACE.map(&mut text).into();
        main.extend([(0x8769, 4, vec![0; 4]), (0x8825, 4, vec![0; 4])]);
        main.sort_by_key(|entry| entry.0);

        let mut tiff = Tiff {
            bytes: Vec::new(),
            little_endian,
        };
        tiff.bytes
            .extend_from_slice(if little_endian { b"II*\0" } else { b"MM\0*" });
        tiff.long(8);
        let values = tiff.table(&main);
        for (tag, table) in [(0x8769, &exposure), (0x8825, &place)] {
            let at = main
                .iter()
                .position(|entry| entry.0 == tag)
                .expect("a pointer");
            let here = tiff.bytes.len() as u32;
            let here = if little_endian {
                here.to_le_bytes()
            } else {
                here.to_be_bytes()
            };
            tiff.bytes[values[at]..values[at] + 4].copy_from_slice(&here);
            tiff.table(table);
        }
        tiff.bytes
    }
}

struct Tiff {
    bytes: Vec<u8>,
    little_endian: bool,
}

impl Tiff {
    fn short(&mut self, number: u16) {
        self.bytes.extend(if self.little_endian {
            number.to_le_bytes()
        } else {
            number.to_be_bytes()
        });
    }

    fn long(&mut self, number: u32) {
        self.bytes.extend(if self.little_endian {
            number.to_le_bytes()
        } else {
            number.to_be_bytes()
        });
    }

    /// Appends a table: names, kinds, contents. Returns where each value is.
    fn table(&mut self, entries: &[(u16, u16, Vec<u8>)]) -> Vec<usize> {
        let mut contents_at = self.bytes.len() + 2 + 12 * entries.len() + 4;
        let (mut contents, mut values) = (Vec::new(), Vec::new());
        self.short(entries.len() as u16);
        for (tag, kind, content) in entries {
            self.short(*tag);
            self.short(*kind);
            self.long(if *kind == 4 { 1 } else { content.len() as u32 });
            values.push(self.bytes.len());
            if content.len() <= 4 {
                let mut inline = content.clone();
                inline.resize(4, 0);
                self.bytes.extend(inline);
            } else {
                self.long(contents_at as u32);
                contents.extend_from_slice(content);
                contents_at += content.len();
            }
        }
        self.long(0);
        self.bytes.extend(contents);
        values
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).expect("memory");
    packer.finish().expect("memory")
}

fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut chunk = u32::try_from(content.len())
        .expect("it fits")
        .to_be_bytes()
        .to_vec();
    chunk.extend_from_slice(kind);
    chunk.extend_from_slice(content);
    let mut sum = flate2::Crc::new();
    sum.update(&chunk[4..]);
    chunk.extend_from_slice(&sum.sum().to_be_bytes());
    chunk
}

fn riff(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut chunk = kind.to_vec();
    chunk.extend(u32::try_from(content.len()).expect("it fits").to_le_bytes());
    chunk.extend_from_slice(content);
    chunk.resize(chunk.len().next_multiple_of(2), 0);
    chunk
}
