//! Parses a chunked body without copying it.

/// How long a chunk-size line with its extensions may be.
const SIZE_LINE_MAX: u32 = 4096;
/// How many bytes of trailers are accepted.
const TRAILER_MAX: u32 = 64 * 1024;

/// The response is not valid HTTP/1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// The position of the next byte in a chunked body.
#[derive(Debug)]
pub(super) enum Chunked {
    /// In the hexadecimal size: its value and number of digits so far.
    Size { size: u64, digits: u32 },
    /// After the size, in an extension up to the end of the line.
    Extension { size: u64, seen: u32 },
    /// In the data of a chunk.
    Data { left: u64 },
    /// In the line end after the data.
    DataEnd,
    /// In the trailers: the length of the current line, and the bytes of all.
    Trailer { line: u32, seen: u32 },
    /// After the last byte.
    End,
}

impl Chunked {
    pub(super) fn new() -> Self {
        Self::Size { size: 0, digits: 0 }
    }

    /// Parses the next bytes and returns how many belong to the body; calls `data` with each piece of
    /// its content.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        mut data: impl FnMut(&[u8]),
    ) -> Result<usize, Malformed> {
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            match self {
                Self::End => break,
                Self::Data { left } => {
                    let here = usize::try_from(*left)
                        .unwrap_or(usize::MAX)
                        .min(bytes.len() - at);
                    data(&bytes[at..at + here]);
                    at += here;
                    *left -= here as u64;
                    if *left == 0 {
                        *self = Self::DataEnd;
                    }
                    continue;
                }
                Self::Size { size, digits } => match (char::from(byte).to_digit(16), byte) {
                    (Some(digit), _) if *digits < 15 => {
                        *size = *size << 4 | u64::from(digit);
                        *digits += 1;
                    }
                    (None, b'\n') if *digits > 0 => *self = Self::after_size(*size),
                    (None, b'\r' | b';' | b' ' | b'\t') if *digits > 0 => {
                        *self = Self::Extension {
                            size: *size,
                            seen: 0,
                        };
                    }
                    _ => return Err(Malformed),
                },
                Self::Extension { size, seen } => {
                    *seen += 1;
                    if byte == b'\n' {
                        *self = Self::after_size(*size);
                    } else if *seen > SIZE_LINE_MAX {
                        return Err(Malformed);
                    }
                }
                Self::DataEnd => match byte {
                    b'\r' => {}
                    b'\n' => *self = Self::new(),
                    _ => return Err(Malformed),
                },
                Self::Trailer { line, seen } => {
                    *seen += 1;
                    match byte {
                        b'\n' if *line == 0 => *self = Self::End,
                        b'\n' => *line = 0,
                        b'\r' => {}
                        _ => *line += 1,
                    }
                    if matches!(self, Self::Trailer { seen, .. } if *seen > TRAILER_MAX) {
                        return Err(Malformed);
                    }
                }
            }
            at += 1;
        }
        Ok(at)
    }

    fn after_size(size: u64) -> Self {
        if size == 0 {
            Self::Trailer { line: 0, seen: 0 }
        } else {
            Self::Data { left: size }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_cut_of_the_stream_gives_the_same_body() {
        let stream = b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: t\r\n\r\nNEXT";
        for cut in 0..stream.len() {
            let (mut chunked, mut body, mut taken) = (Chunked::new(), Vec::new(), 0);
            for piece in [&stream[..cut], &stream[cut..]] {
                taken += chunked
                    .feed(piece, |data| body.extend_from_slice(data))
                    .unwrap();
            }
            assert!(matches!(chunked, Chunked::End), "cut at {cut}");
            assert_eq!(
                (body.as_slice(), taken),
                (&b"hello world"[..], stream.len() - 4),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn garbage_is_not_a_size() {
        for stream in [
            &b"zz\r\n"[..],
            b"\r\n",
            b"5\r\nhelloX",
            b"fffffffffffffffff\r\n",
        ] {
            assert!(Chunked::new().feed(stream, |_| {}).is_err());
        }
    }
}
