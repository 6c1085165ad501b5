//! The format of `tar` (POSIX ustar), as much of it as plain files need.
//!
//! Written and read here rather than by a package: what is read decides which files are made on this
//! computer, so that anything but a plain file with a name we know is refused.

use std::io::{self, Read, Write};

use thiserror::Error;

/// Everything is in pieces of this many bytes.
pub(super) const BLOCK: usize = 512;

/// Longest file: eleven octal digits.
pub(super) const LONGEST: u64 = 0o777_7777_7777;

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Folders and name, with `/` between them.
    pub(super) path: String,
    /// Bytes that follow.
    pub(super) len: u64,
    /// When it was written, in seconds since 1970.
    pub(super) written_unix_s: u64,
}

/// Why this is no archive that we read.
#[derive(Debug, Error)]
pub enum TarError {
    /// The disk, or the seal.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Not what `tar` writes.
    #[error("is no archive: at byte {at}, {what}")]
    Format {
        /// Where.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// It ends too early.
    #[error("is cut off after {at} bytes")]
    Cut {
        /// Where.
        at: u64,
    },
    /// Too much for the format.
    #[error("{path} does not fit into an archive: its name or its size is too long")]
    TooLong {
        /// Of which file.
        path: String,
    },
}

/// Writes files, and the end with [`finish`](Self::finish).
pub(super) struct Writer<W: Write> {
    inner: W,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner }
    }

    /// Writes a member; `content` must give as many bytes as it says.
    pub(super) fn put(
        &mut self,
        member: &Member,
        content: &mut impl Read,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), TarError> {
        self.inner.write_all(&header(member)?)?;
        let mut left = member.len;
        let mut piece = vec![0; 64 << 10];
        while left > 0 {
            let want = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let len = match content.read(&mut piece[..want]) {
                Ok(0) => {
                    let text = format!("{} became shorter while it was packed", member.path);
                    return Err(io::Error::other(text).into());
                }
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            self.inner.write_all(&piece[..len])?;
            left -= len as u64;
            progress(len as u64);
        }
        self.inner.write_all(&[0; BLOCK][..padding(member.len)])?;
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.inner.write_all(&[0; 2 * BLOCK])?;
        Ok(self.inner)
    }
}

fn padding(len: u64) -> usize {
    (BLOCK - (len % BLOCK as u64) as usize) % BLOCK
}

fn header(member: &Member) -> Result<[u8; BLOCK], TarError> {
    let too_long = || TarError::TooLong { path: member.path.clone() };
    let (prefix, name) = member.path.rsplit_once('/').unwrap_or(("", &member.path));
    if name.len() > 100 || prefix.len() > 155 || member.len > LONGEST {
        return Err(too_long());
    }
    let mut block = [0; BLOCK];
    let mut set = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    set(0, name.as_bytes());
    set(100, b"0000600\0");
    set(108, b"0000000\0");
    set(116, b"0000000\0");
    set(124, format!("{:011o}\0", member.len).as_bytes());
    set(136, format!("{:011o}\0", member.written_unix_s.min(LONGEST)).as_bytes());
    set(148, b"        ");
    set(156, b"0");
    set(257, b"ustar\x0000");
    set(345, prefix.as_bytes());
    let sum = checksum(&block);
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(block)
}

/// Sum of all bytes, those of the sum itself as spaces.
fn checksum(block: &[u8; BLOCK]) -> u32 {
    let bytes = block.iter().enumerate();
    bytes.map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) }).sum()
}

/// Reads files one after the other.
pub(super) struct Reader<R: Read> {
    inner: R,
    at: u64,
    /// Bytes of the member that were not read, and those that fill its last block.
    left: u64,
    padding: usize,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, at: 0, left: 0, padding: 0 }
    }

    /// The next file; `None` at the end, which was read up to the last byte then. Folders are passed over.
    pub(super) fn next(&mut self) -> Result<Option<Member>, TarError> {
        io::copy(self, &mut io::sink())?;
        let fill = std::mem::take(&mut self.padding);
        self.exact(&mut [0; BLOCK][..fill])?;
        loop {
            let at = self.at;
            let wrong = |what| TarError::Format { at, what };
            let mut block = [0; BLOCK];
            self.exact(&mut block)?;
            if block == [0; BLOCK] {
                self.exact(&mut block)?;
                if block != [0; BLOCK] {
                    return Err(wrong("one empty block stands where the end has two"));
                }
                // Whatever fills the last tape block, and the end of a seal behind it.
                let rest = io::copy(&mut self.inner, &mut io::sink())?;
                self.at += rest;
                return Ok(None);
            }
            if &block[257..262] != b"ustar" {
                return Err(wrong("there is no header of a file"));
            }
            if octal(&block[148..156]) != Some(u64::from(checksum(&block))) {
                return Err(wrong("the header of a file is damaged"));
            }
            let text = |bytes: &[u8]| {
                let len = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
                str::from_utf8(&bytes[..len]).map(str::to_owned)
            };
            let (Ok(name), Ok(prefix)) = (text(&block[..100]), text(&block[345..500])) else {
                return Err(wrong("a name is no text"));
            };
            let len = octal(&block[124..136]).ok_or_else(|| wrong("a size is no number"))?;
            let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            match block[156] {
                b'5' if len == 0 => continue,
                b'0' | 0 => {}
                b'x' | b'g' | b'L' | b'K' => {
                    return Err(wrong(
                        "there is a header of a kind that only other programs write; pack it with \
                         `tar --format=ustar`",
                    ));
                }
                _ => return Err(wrong("there is something that is no plain file")),
            }
            let written_unix_s = octal(&block[136..148]).unwrap_or(0);
            (self.left, self.padding) = (len, padding(len));
            return Ok(Some(Member { path, len, written_unix_s }));
        }
    }

    fn exact(&mut self, bytes: &mut [u8]) -> Result<(), TarError> {
        let at = self.at;
        self.inner.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => TarError::Cut { at },
            _ => TarError::Io(error),
        })?;
        self.at += bytes.len() as u64;
        Ok(())
    }
}

/// The content of the member that came last.
impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let want = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if want == 0 {
            return Ok(0);
        }
        let len = self.inner.read(&mut buffer[..want])?;
        if len == 0 {
            let text = format!("the archive is cut off after {} bytes", self.at);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text));
        }
        self.at += len as u64;
        self.left -= len as u64;
        Ok(len)
    }
}

/// A number of octal digits between spaces and zero bytes.
fn octal(field: &[u8]) -> Option<u64> {
    let text = str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    if text.is_empty() || !text.bytes().all(|byte| (b'0'..=b'7').contains(&byte)) {
        return None;
    }
    u64::from_str_radix(text, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        for (path, content) in files {
            let len = content.len() as u64;
            let member = Member { path: (*path).to_owned(), len, written_unix_s: 1_795_356_191 };
            writer.put(&member, &mut &content[..], &mut |_| {}).expect("memory");
        }
        writer.finish().expect("memory")
    }

    fn unpacked(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, TarError> {
        let mut reader = Reader::new(bytes);
        let mut files = Vec::new();
        while let Some(member) = reader.next()? {
            let mut content = Vec::new();
            reader.read_to_end(&mut content)?;
            files.push((member.path, content));
        }
        Ok(files)
    }

    #[test]
    fn files_come_back_and_no_cut_is_passed_over() {
        let long = vec![7; 1500];
        let files = [("a/b/empty", &[][..]), ("a/b/one", &[1][..]), ("a/c/long", &long[..])];
        let bytes = packed(&files);
        assert_eq!(bytes.len() % BLOCK, 0);
        let back = unpacked(&bytes).expect("it is whole");
        let back: Vec<_> =
            back.iter().map(|(path, content)| (path.as_str(), &content[..])).collect();
        assert_eq!(back, files);
        for len in 0..bytes.len() {
            assert!(unpacked(&bytes[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn only_plain_files_are_read() {
        let bytes = packed(&[("a/b/one", &[1])]);
        for kind in b"12346789xgLK" {
            let mut other = bytes.clone();
            other[156] = *kind;
            let mut block = [0; BLOCK];
            block.copy_from_slice(&other[..BLOCK]);
            let sum = format!("{:06o}\0 ", checksum(&block));
            other[148..156].copy_from_slice(sum.as_bytes());
            assert!(matches!(unpacked(&other), Err(TarError::Format { .. })), "{kind}");
        }
        // A header that is damaged anywhere is refused.
        for at in 0..BLOCK {
            let mut other = bytes.clone();
            other[at] ^= 1;
            let found = unpacked(&other);
            assert!(found.is_err() || found.is_ok_and(|found| found[0].0 == "a/b/one"), "{at}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let member = |path: String, len| Member { path, len, written_unix_s: 0 };
        assert!(header(&member("x".repeat(101), 0)).is_err());
        assert!(header(&member("x".to_owned(), LONGEST + 1)).is_err());
        assert!(
            header(&member(format!("{}/{}", "p".repeat(155), "n".repeat(100)), LONGEST)).is_ok()
        );
    }
}
