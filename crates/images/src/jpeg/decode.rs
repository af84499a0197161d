//! Decodes JPEG files with zune-jpeg directly, because `image` does not support CMYK.

use image::error::DecodingError;
use image::{ColorType, ImageDecoder, ImageError, ImageFormat, ImageResult};
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::super::colour;

/// A decoder of one JPEG file whose header is read.
pub(in super::super) struct Decoder<'a> {
    bytes: &'a [u8],
    size: (u32, u32),
    stored: ColorSpace,
    wanted: ColorSpace,
    exif: Option<Vec<u8>>,
    profile: Option<Vec<u8>>,
}

impl<'a> Decoder<'a> {
    /// Reads the header, up to the first scan.
    pub(in super::super) fn new(bytes: &'a [u8]) -> ImageResult<Self> {
        let mut header = JpegDecoder::new_with_options(ZCursor::new(bytes), options());
        header.decode_headers().map_err(failed)?;
        let (width, height) = header.dimensions().unwrap_or_default();
        let stored = header.input_colorspace().unwrap_or(ColorSpace::YCbCr);
        let profile = header.icc_profile();
        let four = matches!(stored, ColorSpace::CMYK | ColorSpace::YCCK)
            && header.info().is_some_and(|info| info.components == 4);
        let wanted = match stored {
            ColorSpace::Luma => ColorSpace::Luma,
            // Without a profile the decoder's plain multiplication is what browsers show, too.
            inks if four && profile.as_deref().is_some_and(colour::is_of_inks) => inks,
            _ => ColorSpace::RGB,
        };
        Ok(Self {
            bytes,
            // At most 65,535 each: JPEG has two bytes for a side.
            size: (width as u32, height as u32),
            stored,
            wanted,
            exif: header.exif().cloned(),
            profile,
        })
    }

    /// Whether the pixels come as four inks, in the place of red, green, blue and alpha.
    pub(in super::super) fn gives_inks(&self) -> bool {
        matches!(self.wanted, ColorSpace::CMYK | ColorSpace::YCCK)
    }
}

impl ImageDecoder for Decoder<'_> {
    fn dimensions(&self) -> (u32, u32) {
        self.size
    }

    fn color_type(&self) -> ColorType {
        match self.wanted {
            ColorSpace::Luma => ColorType::L8,
            _ if self.gives_inks() => ColorType::Rgba8,
            _ => ColorType::Rgb8,
        }
    }

    fn read_image(self, pixels: &mut [u8]) -> ImageResult<()> {
        let options = options().jpeg_set_out_colorspace(self.wanted);
        JpegDecoder::new_with_options(ZCursor::new(self.bytes), options)
            .decode_into(pixels)
            .map_err(failed)?;
        if self.gives_inks() {
            colour::to_inks(pixels, self.stored == ColorSpace::YCCK);
        }
        Ok(())
    }

    fn read_image_boxed(self: Box<Self>, pixels: &mut [u8]) -> ImageResult<()> {
        (*self).read_image(pixels)
    }

    fn exif_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.exif.take())
    }

    fn icc_profile(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.profile.take())
    }
}

/// Without limits on the size, which is checked before.
fn options() -> DecoderOptions {
    DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
}

fn failed(error: DecodeErrors) -> ImageError {
    ImageError::Decoding(DecodingError::new(ImageFormat::Jpeg.into(), error))
}
