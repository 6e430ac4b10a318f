//! Bytes of states by hand.

/// The bytes of a state of kind 1 (rank) or 2 (bucketed), from its parts.
pub(crate) fn state(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    state_of_version(1, kind, parts)
}

pub(crate) fn state_of_version(version: u8, kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    [b"tmst", &[version, kind][..], &parts.concat()].concat()
}

/// LEB128.
pub(crate) fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// The longest a number can be spelt: 2^64 - 1.
pub(crate) const HUGE: &[u8] = &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];

/// What follows the tag of a run: so far below the key before.
pub(crate) fn run(tag: u8, distance: u64) -> Vec<u8> {
    let first = tag | ((distance & 31) as u8) << 2;
    match distance >> 5 {
        0 => vec![first],
        rest => [vec![first | 0x80], varint(rest)].concat(),
    }
}

/// A sample of a weight that is not counted.
pub(crate) fn fraction(distance: u64, is_positive: u8, weight: f64) -> Vec<u8> {
    [varint(distance), vec![is_positive], weight.to_le_bytes().to_vec()].concat()
}
