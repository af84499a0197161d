//! Parses one response as its bytes arrive, in place: copied are only a head that arrives in pieces
//! and bodies that must be kept.

use std::hash::BuildHasher;
use std::mem::MaybeUninit;

use foldhash::fast::FixedState;

use super::cache::CacheHead;
use super::chunked::{Chunked, Malformed};
use crate::measure::Tier;

/// How long a response head may be.
const HEAD_MAX: usize = 256 * 1024;
/// How many header lines a response may have.
const HEADERS_MAX: usize = 128;
/// How many bytes of a body are kept; the rest is only counted.
const BODY_MAX: usize = 8 * 1024 * 1024;

/// What is used of the head of a response.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) tier: Tier,
    /// The server will close the connection, or we must: no more requests on it.
    pub(super) close: bool,
    pub(super) gzip: bool,
    pub(super) html: bool,
    /// A hash of the `ETag`, when there is one.
    pub(super) etag: Option<u64>,
}

/// Which bodies are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    Nothing,
    /// HTML, unless it has this `ETag`, whose parts are known.
    HtmlUnless(Option<u64>),
    Everything,
}

/// What is needed of a response beyond its [`Head`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wants {
    pub(super) keep: Keep,
    /// The headers for the cache.
    pub(super) cache: bool,
    /// The headers `Set-Cookie` and `Location`.
    pub(super) session: bool,
}

impl Wants {
    pub(super) const NOTHING: Self = Self {
        keep: Keep::Nothing,
        cache: false,
        session: false,
    };
}

/// The headers that [`Wants`] asks for.
#[derive(Debug, Default)]
pub(super) struct Extras {
    pub(super) cache: Option<CacheHead>,
    pub(super) location: Option<Box<str>>,
    pub(super) set_cookies: Vec<Box<[u8]>>,
}

/// The result of parsing some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// The response goes on.
    More,
    /// The response is complete; so many of the bytes belong to it.
    Done(usize),
}

#[derive(Debug)]
enum State {
    Head,
    Length(u64),
    Chunked(Chunked),
    UntilClose,
}

/// The parser of one response at a time; `begin` prepares it for the next.
#[derive(Debug)]
pub(super) struct Reader {
    state: State,
    /// The beginning of a head that arrives in pieces.
    partial_head: Vec<u8>,
    pub(super) wants: Wants,
    keeping: bool,
    pub(super) head: Option<Head>,
    pub(super) extras: Extras,
    /// The body, when it was kept.
    pub(super) body: Vec<u8>,
    /// How many bytes of the response have arrived.
    pub(super) received: u64,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self {
            state: State::Head,
            partial_head: Vec::new(),
            wants: Wants::NOTHING,
            keeping: false,
            head: None,
            extras: Extras::default(),
            body: Vec::new(),
            received: 0,
        }
    }

    pub(super) fn begin(&mut self, wants: Wants) {
        self.state = State::Head;
        self.partial_head.clear();
        self.wants = wants;
        self.keeping = false;
        self.head = None;
        self.body.clear();
        self.received = 0;
    }

    /// The head and whether the body was kept, once the response is complete.
    pub(super) fn finished(&self) -> Option<(Head, bool)> {
        self.head.map(|head| (head, self.keeping))
    }

    /// Parses the next bytes. After an error the connection cannot be used any more.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<Parsed, Malformed> {
        self.received += bytes.len() as u64;
        let mut at = 0;
        while matches!(self.state, State::Head) {
            match self.feed_head(&bytes[at..])? {
                Some(taken) => at += taken,
                None => return Ok(Parsed::More),
            }
        }
        let rest = &bytes[at..];
        let (body, keeping) = (&mut self.body, self.keeping);
        let mut keep = |data: &[u8]| {
            if keeping && body.len() < BODY_MAX {
                body.extend_from_slice(data);
            }
        };
        let taken = match &mut self.state {
            State::Head => 0,
            State::UntilClose => {
                keep(rest);
                return Ok(Parsed::More);
            }
            State::Length(left) => {
                let here = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                keep(&rest[..here]);
                *left -= here as u64;
                if *left > 0 {
                    return Ok(Parsed::More);
                }
                here
            }
            State::Chunked(chunked) => {
                let taken = chunked.feed(rest, keep)?;
                if !matches!(chunked, Chunked::End) {
                    return Ok(Parsed::More);
                }
                taken
            }
        };
        Ok(Parsed::Done(at + taken))
    }

    /// Whether the end of the connection completes the response.
    pub(super) fn ends_with_connection(&self) -> bool {
        matches!(self.state, State::UntilClose)
    }

    /// Returns how many of `bytes` belong to the head, or `None` when it goes on.
    fn feed_head(&mut self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        if self.partial_head.is_empty() {
            let parsed = parse_head(bytes, self.wants, &mut self.extras)?;
            if parsed.is_none() {
                self.partial_head.extend_from_slice(bytes);
            }
            return Ok(self.enter_body(parsed));
        }
        let before = self.partial_head.len();
        self.partial_head.extend_from_slice(bytes);
        if self.partial_head.len() > HEAD_MAX {
            return Err(Malformed);
        }
        let parsed = parse_head(&self.partial_head, self.wants, &mut self.extras)?;
        if parsed.is_some() {
            // Frees the memory of a big head, which is rare.
            self.partial_head = Vec::new();
        }
        Ok(self.enter_body(parsed).map(|taken| taken - before))
    }

    fn enter_body(&mut self, parsed: Option<(usize, Head, State)>) -> Option<usize> {
        let (taken, head, framing) = parsed?;
        if head.status < 200 {
            return Some(taken); // 100 and 103 are interim; the response follows
        }
        self.keeping = match self.wants.keep {
            Keep::Nothing => false,
            Keep::HtmlUnless(known) => head.html && (known.is_none() || head.etag != known),
            Keep::Everything => true,
        };
        self.head = Some(head);
        self.state = framing;
        Some(taken)
    }
}

fn parse_head(
    bytes: &[u8],
    wants: Wants,
    extras: &mut Extras,
) -> Result<Option<(usize, Head, State)>, Malformed> {
    let mut headers = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default()
        .parse_response_with_uninit_headers(&mut response, bytes, &mut headers)
        .map_err(|_| Malformed)?;
    let httparse::Status::Complete(taken) = parsed else {
        return Ok(None);
    };
    let status = response.code.ok_or(Malformed)?;
    let mut head = Head {
        status,
        tier: Tier::Unnamed,
        close: response.version != Some(1),
        gzip: false,
        html: false,
        etag: None,
    };
    let (mut length, mut chunked, mut tier) = (None, false, None);
    for header in response.headers.iter() {
        // Compares lengths first, because most headers are not used.
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        let value = header.value;
        match header.name.len() {
            4 if is("etag") => head.etag = Some(hash(value)),
            7 if is("x-cache") => tier = Some(Tier::from_header(value)),
            10 if is("connection") => {
                if value.eq_ignore_ascii_case(b"close") {
                    head.close = true;
                } else if value.eq_ignore_ascii_case(b"keep-alive") {
                    head.close = false;
                }
            }
            12 if is("content-type") => {
                head.html = value.len() >= 9 && value[..9].eq_ignore_ascii_case(b"text/html")
            }
            14 if is("content-length") => {
                let this = std::str::from_utf8(value)
                    .ok()
                    .and_then(|v| v.trim().parse::<u64>().ok());
                if this.is_none() || length.is_some_and(|earlier| Some(earlier) != this) {
                    return Err(Malformed);
                }
                length = this;
            }
            16 if is("content-encoding") => head.gzip = value.eq_ignore_ascii_case(b"gzip"),
            17 if is("transfer-encoding") => {
                if !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(Malformed);
                }
                chunked = true;
            }
            _ => {}
        }
    }
    head.tier = tier.unwrap_or(Tier::Unnamed);
    if wants.cache {
        extras.cache = Some(CacheHead::of(response.headers, status));
    }
    if wants.session {
        read_for_session(response.headers, extras);
    }
    let framing = match (status, chunked, length) {
        (100..=199 | 204 | 304, ..) => State::Length(0),
        (_, true, _) => State::Chunked(Chunked::new()),
        (_, false, Some(length)) => State::Length(length),
        (_, false, None) => {
            head.close = true;
            State::UntilClose
        }
    };
    Ok(Some((taken, head, framing)))
}

fn read_for_session(headers: &[httparse::Header<'_>], extras: &mut Extras) {
    extras.location = None;
    extras.set_cookies.clear();
    for header in headers {
        if header.name.eq_ignore_ascii_case("set-cookie") {
            extras.set_cookies.push(header.value.into());
        } else if header.name.eq_ignore_ascii_case("location") {
            extras.location = std::str::from_utf8(header.value).ok().map(Box::from);
        }
    }
}

/// A hash of paths, bodies and validators, for this process only.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    FixedState::default().hash_one(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(keep: Keep, pieces: &[&[u8]]) -> (Reader, Result<Parsed, Malformed>) {
        let mut reader = Reader::new();
        reader.begin(Wants {
            keep,
            ..Wants::NOTHING
        });
        let mut last = Ok(Parsed::More);
        for piece in pieces {
            last = reader.feed(piece);
        }
        (reader, last)
    }

    #[test]
    fn any_cut_of_a_response_is_read_the_same() {
        let stream = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\n\
            X-Cache: HIT memcached\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello";
        for cut in 0..stream.len() {
            let (reader, last) = read(Keep::HtmlUnless(None), &[&stream[..cut], &stream[cut..]]);
            assert_eq!(last, Ok(Parsed::Done(stream.len() - cut)), "cut at {cut}");
            let (head, kept) = reader.finished().unwrap();
            assert_eq!((head.status, head.tier, kept), (200, Tier::Memcached, true));
            assert_eq!(reader.body, b"hello");
        }
    }

    #[test]
    fn statuses_without_body_end_with_their_head() {
        for status in ["204 No Content", "304 Not Modified"] {
            let stream = format!("HTTP/1.1 {status}\r\nContent-Length: 99\r\n\r\n");
            let (_, last) = read(Keep::Nothing, &[stream.as_bytes()]);
            assert_eq!(last, Ok(Parsed::Done(stream.len())), "{status}");
        }
    }

    #[test]
    fn a_body_without_length_ends_with_the_connection() {
        let (reader, last) = read(Keep::Nothing, &[b"HTTP/1.1 200 OK\r\n\r\nbytes"]);
        assert_eq!(last, Ok(Parsed::More));
        assert!(reader.ends_with_connection() && reader.finished().unwrap().0.close);
    }

    #[test]
    fn html_with_the_etag_we_know_is_not_kept_again() {
        let stream = b"HTTP/1.1 200 OK\r\nETag: \"7\"\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi";
        let (_, kept) = read(Keep::HtmlUnless(Some(hash(b"\"7\""))), &[stream])
            .0
            .finished()
            .unwrap();
        assert!(!kept);
        let (_, kept) = read(Keep::HtmlUnless(Some(1)), &[stream])
            .0
            .finished()
            .unwrap();
        assert!(kept);
    }

    #[test]
    fn contradictions_and_garbage_are_malformed() {
        for stream in [
            "SSH-2.0-OpenSSH\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        ] {
            assert_eq!(
                read(Keep::Nothing, &[stream.as_bytes()]).1,
                Err(Malformed),
                "{stream}"
            );
        }
    }

    #[test]
    fn a_head_of_100_kb_is_read() {
        let stream = format!(
            "HTTP/1.1 200 OK\r\nX-Big: {}\r\nContent-Length: 0\r\n\r\n",
            "x".repeat(100_000)
        );
        let pieces: Vec<&[u8]> = stream.as_bytes().chunks(16 * 1024).collect();
        assert!(matches!(
            read(Keep::Nothing, &pieces).1,
            Ok(Parsed::Done(_))
        ));
    }
}
