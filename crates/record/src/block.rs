//! Blocks: how the file is cut into pieces that prove themselves.
//!
//! Byte tables are in `docs/recording-format.md`, clauses 2 and 3; offsets are not repeated here.

use crc32fast::hash;
use levator_signal::HostTime;

/// Version of the file format that is written, and the newest one that is read.
pub const FORMAT_VERSION: u16 = 5;

/// Most bytes the payload of a block holds.
///
/// Our choice: 1 MiB. It bounds the memory of a reader and what a writer keeps while a disk is full,
/// and no read from a port comes near it.
pub const MAX_PAYLOAD_LEN: usize = 1 << 20;

/// Size of the file start.
pub(crate) const PREAMBLE_LEN: usize = 16;
/// Size of a block before its payload.
pub(crate) const HEADER_LEN: usize = 32;
/// Size of a block after its payload.
pub(crate) const TRAILER_LEN: usize = 4;

/// First bytes of a recording: enough to tell it from other files, not that it is whole. Built like those of PNG: the first byte is no text, and the line ends
/// show a transfer that "repaired" them.
pub const MAGIC: [u8; 8] = [0x89, b'L', b'V', b'J', b'\r', b'\n', 0x1a, b'\n'];

/// First bytes of a block. The first byte is not among the others, so a search never has to step back.
pub(crate) const SYNC: [u8; 4] = [0xec, b'L', b'V', 0xb7];

/// Types of blocks; further ones from [`SKIPPABLE`] on may be skipped by a reader.
pub(crate) mod kind {
    pub(crate) const HEADER: u8 = 1;
    pub(crate) const DATA: u8 = 2;
    pub(crate) const END: u8 = 3;
    pub(crate) const SKIPPABLE: u8 = 0x80;
}

/// The file start.
pub(crate) fn preamble() -> [u8; PREAMBLE_LEN] {
    let mut bytes = [0; PREAMBLE_LEN];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..10].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    let crc = hash(&bytes[..12]);
    bytes[12..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// The version in a file start; `None` if it is none or damaged.
pub(crate) fn preamble_version(bytes: &[u8]) -> Option<u16> {
    let fields = bytes.get(..12)?;
    let mut rest = fields.strip_prefix(&MAGIC)?;
    let version = u16::from_le_bytes(take(&mut rest)?);
    let mut crc = bytes.get(12..PREAMBLE_LEN)?;
    (take(&mut crc).map(u32::from_le_bytes)? == hash(fields) && version > 0).then_some(version)
}

/// What stands before the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockHeader {
    pub(crate) format: u16,
    pub(crate) kind: u8,
    /// Number of the block in the recording; the header block is 0.
    pub(crate) sequence: u32,
    /// CRC-32 of the header block's payload: tells the blocks of two recordings apart.
    pub(crate) recording: u32,
    /// Host time of the first thing in it.
    pub(crate) at: HostTime,
    pub(crate) payload_len: u32,
}

impl BlockHeader {
    pub(crate) fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..4].copy_from_slice(&SYNC);
        bytes[4..6].copy_from_slice(&self.format.to_le_bytes());
        bytes[6] = self.kind;
        bytes[8..12].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.recording.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.at.as_nanos().to_le_bytes());
        bytes[24..28].copy_from_slice(&self.payload_len.to_le_bytes());
        let crc = hash(&bytes[..28]);
        bytes[28..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// The header at the start of `bytes`, if it is whole and its length is possible.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let fields = bytes.get(..28)?;
        let mut rest = fields.strip_prefix(&SYNC)?;
        let mut crc = bytes.get(28..HEADER_LEN)?;
        if take(&mut crc).map(u32::from_le_bytes)? != hash(fields) {
            return None;
        }
        let header = Self {
            format: u16::from_le_bytes(take(&mut rest)?),
            kind: take::<1>(&mut rest)?[0],
            // One byte of zeros, ignored.
            sequence: take::<1>(&mut rest).and(take(&mut rest)).map(u32::from_le_bytes)?,
            recording: u32::from_le_bytes(take(&mut rest)?),
            at: HostTime::from_nanos(u64::from_le_bytes(take(&mut rest)?)),
            payload_len: u32::from_le_bytes(take(&mut rest)?),
        };
        (header.payload_len as usize <= MAX_PAYLOAD_LEN).then_some(header)
    }

    /// Size of the whole block.
    pub(crate) fn block_len(&self) -> usize {
        HEADER_LEN + self.payload_len as usize + TRAILER_LEN
    }
}

/// Turns `HEADER_LEN` free bytes and a payload into a block, in place.
pub(crate) fn seal(buffer: &mut Vec<u8>, mut header: BlockHeader) {
    header.payload_len = (buffer.len() - HEADER_LEN) as u32;
    buffer[..HEADER_LEN].copy_from_slice(&header.encode());
    let crc = hash(buffer);
    buffer.extend_from_slice(&crc.to_le_bytes());
}

/// Whether `block`, as long as its header says, is as it was written.
pub(crate) fn is_whole(block: &[u8]) -> bool {
    block
        .split_last_chunk::<TRAILER_LEN>()
        .is_some_and(|(sealed, crc)| u32::from_le_bytes(*crc) == hash(sealed))
}

/// Takes `N` bytes from the front.
pub(crate) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: BlockHeader = BlockHeader {
        format: FORMAT_VERSION,
        kind: kind::DATA,
        sequence: 7,
        recording: 0xdead_beef,
        at: HostTime::from_nanos(1_500_000_000),
        payload_len: 3,
    };

    #[test]
    fn the_checksum_is_the_common_crc_32() {
        // Check value of CRC-32/ISO-HDLC in Greg Cook's catalogue of parametrised CRC algorithms.
        assert_eq!(hash(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_header_comes_back_and_no_flipped_bit_passes() {
        let bytes = HEADER.encode();
        assert_eq!(BlockHeader::decode(&bytes), Some(HEADER));
        for bit in 0..HEADER_LEN * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(BlockHeader::decode(&damaged), None, "bit {bit}");
        }
    }

    #[test]
    fn an_impossible_length_is_no_header() {
        let longest = BlockHeader { payload_len: MAX_PAYLOAD_LEN as u32, ..HEADER };
        assert_eq!(BlockHeader::decode(&longest.encode()), Some(longest));
        let longer = BlockHeader { payload_len: MAX_PAYLOAD_LEN as u32 + 1, ..HEADER };
        assert_eq!(BlockHeader::decode(&longer.encode()), None);
    }

    #[test]
    fn a_sealed_block_shows_every_flipped_bit() {
        let mut block = vec![0; HEADER_LEN];
        block.extend_from_slice(b"abc");
        seal(&mut block, BlockHeader { payload_len: 0, ..HEADER });
        assert_eq!(BlockHeader::decode(&block), Some(HEADER));
        assert_eq!(block.len(), HEADER.block_len());
        assert!(is_whole(&block));
        for bit in 0..block.len() * 8 {
            let mut damaged = block.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_whole(&damaged), "bit {bit}");
        }
    }

    #[test]
    fn a_file_start_names_its_version_or_nothing() {
        let start = preamble();
        assert_eq!(preamble_version(&start), Some(FORMAT_VERSION));
        for len in 0..PREAMBLE_LEN {
            assert_eq!(preamble_version(&start[..len]), None, "{len} bytes");
        }
        for bit in 0..PREAMBLE_LEN * 8 {
            let mut damaged = start;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(preamble_version(&damaged), None, "bit {bit}");
        }
    }

    #[test]
    fn a_sync_word_never_overlaps_itself() {
        assert!(!SYNC[1..].contains(&SYNC[0]));
    }
}
