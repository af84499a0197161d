//! Encodes pixels as WebP or JPEG. The input is pixels only, so no metadata of the original (place, camera, thumbnail)
//! can leak.

use image::RgbImage;

use super::Encoding;

/// WebP quality: no artefacts are visible at arm's length.
const WEBP_QUALITY: f32 = 78.0;

/// WebP effort: 4, the default, takes twice as long for 2 to 3 % fewer bytes.
const WEBP_METHOD: i32 = 2;

/// JPEG quality.
const JPEG_QUALITY: u8 = 80;

/// The encoder failed: it has too little memory, or the picture exceeds its limits.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct EncodeError(String);

/// Encodes a picture.
pub fn encode(pixels: &RgbImage, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
    match encoding {
        Encoding::WebP => webp(pixels),
        Encoding::Jpeg => jpeg(pixels),
    }
}

fn webp(pixels: &RgbImage) -> Result<Vec<u8>, EncodeError> {
    let mut config =
        webp::WebPConfig::new().map_err(|()| EncodeError("libwebp has no defaults".to_owned()))?;
    config.quality = WEBP_QUALITY;
    config.method = WEBP_METHOD;
    let bytes = webp::Encoder::from_rgb(pixels, pixels.width(), pixels.height())
        .encode_advanced(&config)
        .map_err(|error| EncodeError(format!("libwebp: {error:?}")))?;
    Ok(bytes.to_vec())
}

fn jpeg(pixels: &RgbImage) -> Result<Vec<u8>, EncodeError> {
    let side = |length: u32| {
        u16::try_from(length).map_err(|_| EncodeError(format!("{length} pixels are no JPEG")))
    };
    let (width, height) = (side(pixels.width())?, side(pixels.height())?);
    let mut bytes = Vec::new();
    // Not with optimised tables: the encoder then writes a scan for each channel, which some decoders
    // read wrongly (see `decode`).
    jpeg_encoder::Encoder::new(&mut bytes, JPEG_QUALITY)
        .encode(pixels, width, height, jpeg_encoder::ColorType::Rgb)
        .map_err(|error| EncodeError(error.to_string()))?;
    Ok(bytes)
}
