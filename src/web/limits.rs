//! How large a request may be.

/// How many bytes the form of a page may have; an upload may have more.
pub(crate) const FORM_BYTES_MAX: usize = 64 << 10;

/// How many bytes an upload may have, its form included: as in nginx.conf.
pub(super) const UPLOAD_BYTES_MAX: usize = 64 << 20;

/// How many bytes of it a picture may have, so that the other fields have room; script checks this before it sends.
pub(super) const PICTURE_BYTES_MAX: usize = UPLOAD_BYTES_MAX - FORM_BYTES_MAX;
