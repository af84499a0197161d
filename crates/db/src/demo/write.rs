//! Writes rows in the binary form of COPY, which needs no formatting and parsing of numbers.

use bytes::{BufMut, Bytes, BytesMut};
use tokio::sync::mpsc::Sender;

/// How many bytes a piece has at least before it is sent.
const PIECE_BYTES: usize = 128 * 1024;

/// 1 January 2000, where PostgreSQL's own time begins.
const EPOCH_AT: i64 = 946_684_800;

/// Some rows, ready to be sent.
pub(super) struct Piece {
    pub(super) rows: Bytes,
    pub(super) count: u64,
}

/// Writes rows and sends them in pieces.
pub(super) struct Writer<'a> {
    to: &'a Sender<Piece>,
    buffer: BytesMut,
    count: u64,
}

impl<'a> Writer<'a> {
    pub(super) fn new(to: &'a Sender<Piece>) -> Self {
        let mut writer = Self {
            to,
            buffer: Self::buffer(),
            count: 0,
        };
        writer.buffer.put_slice(b"PGCOPY\n\xff\r\n\0");
        writer.buffer.put_u32(0);
        writer.buffer.put_u32(0);
        writer
    }

    fn buffer() -> BytesMut {
        BytesMut::with_capacity(PIECE_BYTES + PIECE_BYTES / 8)
    }

    /// Begins a row of so many fields. Returns false if the receiver is closed.
    pub(super) fn row(&mut self, fields: i16) -> bool {
        let wanted = self.buffer.len() < PIECE_BYTES || self.send();
        self.buffer.put_i16(fields);
        self.count += 1;
        wanted
    }

    /// Ends the table. Returns false if the receiver is closed.
    pub(super) fn end(mut self) -> bool {
        self.buffer.put_i16(-1);
        self.send()
    }

    fn send(&mut self) -> bool {
        let rows = std::mem::replace(&mut self.buffer, Self::buffer()).freeze();
        self.to
            .blocking_send(Piece {
                rows,
                count: std::mem::take(&mut self.count),
            })
            .is_ok()
    }

    pub(super) fn bytes(&mut self, value: &[u8]) {
        // All fields are far smaller than two gigabytes.
        self.buffer.put_u32(value.len() as u32);
        self.buffer.put_slice(value);
    }

    pub(super) fn text(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }

    pub(super) fn int2(&mut self, value: u8) {
        self.buffer.put_u32(2);
        self.buffer.put_i16(i16::from(value));
    }

    pub(super) fn int4(&mut self, value: u32) {
        self.buffer.put_u32(4);
        self.buffer.put_u32(value);
    }

    pub(super) fn int8(&mut self, value: i64) {
        self.buffer.put_u32(8);
        self.buffer.put_i64(value);
    }

    /// A timestamp, from seconds since 1970.
    pub(super) fn moment(&mut self, at: i64) {
        self.int8((at - EPOCH_AT) * 1_000_000);
    }

    /// A date, from seconds since 1970.
    pub(super) fn date(&mut self, at: i64) {
        self.buffer.put_u32(4);
        self.buffer.put_i32(((at - EPOCH_AT) / 86_400) as i32);
    }
}
