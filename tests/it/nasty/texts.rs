//! What a program could stumble over.

/// Texts, and bytes that are none.
pub(super) const NASTY: &[&[u8]] = &[
    b"",
    b"\0",
    b"a\0b",
    b" ",
    b"\r\nSet-Cookie: a=b",
    b"\x1b[31m",
    b"'\"<>&;--",
    b"%",
    b"%00",
    b"..",
    b"../../etc/passwd",
    b"//evil.example",
    b"\\",
    b"-1",
    b"0",
    b"9223372036854775807",
    b"9223372036854775808",
    b"99999999999999999999999",
    b"1e9",
    b"NaN",
    b"0000-00",
    b"9999-99",
    b"-9999-12",
    b"{{7*7}}",
    b"\xff\xfe\xc3\x28",
    b"\xed\xa0\x80",
    "\u{202e}\u{200b}\u{feff}".as_bytes(),
    "\u{1f468}\u{200d}\u{1f469}\u{ffff}".as_bytes(),
    "\u{130}\u{df}\u{fb03}".as_bytes(),
    &[b'a'; 5_000],
    &[0; 5_000],
];

/// Bytes as they stand in an address or a form, each escaped.
pub(super) fn encoded(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
}
