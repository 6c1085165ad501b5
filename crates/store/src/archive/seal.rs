//! Seals: the format of `age`, for a passphrase or for keys.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::str::FromStr;

use age::secrecy::{ExposeSecret, SecretString};
use age::{DecryptError, Decryptor, Encryptor, IdentityFile, scrypt, x25519};

use super::ArchiveError;

/// How hard a passphrase is made to guess: 2^18 rounds of scrypt, a second and 256 MiB, as the program
/// `age` has it. Not measured as the package would: a busy computer would then make a weak seal.
const WORK: u8 = 18;

/// Harder ones are refused, as `age` does: opening would take minutes.
const MOST_WORK: u8 = 22;

/// Fewest characters of a passphrase. Our choice: it keeps out mistakes, not bad choices.
pub const LEAST_PASSPHRASE_LEN: usize = 8;

/// Who shall be able to open an archive.
#[derive(Clone, Debug)]
pub enum Seal {
    /// Everybody who gets it: no seal.
    Open,
    /// Whoever knows this.
    Passphrase(Passphrase),
    /// Whoever has one of the keys that belong to these.
    Recipients(Vec<Recipient>),
}

/// What is tried on a seal.
#[derive(Clone, Debug)]
pub enum Key {
    /// Nothing.
    None,
    /// What somebody remembers.
    Passphrase(Passphrase),
    /// The text of a file with secret keys, as `levator visits key` and `age-keygen` write it.
    Identities(Identities),
}

/// What somebody remembers; wiped from memory when it is dropped.
#[derive(Clone, Debug)]
pub struct Passphrase(SecretString);

impl Passphrase {
    /// Takes what was typed.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// Whether it is as long as one for a new archive must be.
    #[must_use]
    pub fn is_long_enough(&self) -> bool {
        self.0.expose_secret().chars().count() >= LEAST_PASSPHRASE_LEN
    }

    /// Whether they are the same.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

/// A public key, `age1...`.
#[derive(Clone, Debug)]
pub struct Recipient(x25519::Recipient);

impl FromStr for Recipient {
    type Err = ArchiveError;

    fn from_str(text: &str) -> Result<Self, ArchiveError> {
        let key = text.trim().parse();
        key.map(Self).map_err(|_| ArchiveError::NoRecipient { text: text.to_owned() })
    }
}

/// The text of a file with secret keys.
#[derive(Clone)]
pub struct Identities(SecretString);

impl core::fmt::Debug for Identities {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Identities(..)")
    }
}

impl Identities {
    /// Takes the text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }
}

/// A new pair of keys: the text of a file that opens what is sealed for the other, and that other.
#[must_use]
pub fn new_keys() -> (String, String) {
    let secret = x25519::Identity::generate();
    let public = secret.to_public().to_string();
    let text = format!("# public key: {public}\n{}\n", secret.to_string().expose_secret());
    (text, public)
}

/// Writes through a seal; [`finish`](Self::finish) closes it.
pub(super) enum Sealed<W: Write> {
    Open(W),
    Age(age::stream::StreamWriter<W>),
}

impl<W: Write> Sealed<W> {
    pub(super) fn new(inner: W, seal: &Seal) -> Result<Self, ArchiveError> {
        let recipients: Vec<Box<dyn age::Recipient>> = match seal {
            Seal::Open => return Ok(Self::Open(inner)),
            Seal::Passphrase(passphrase) => {
                if !passphrase.is_long_enough() {
                    return Err(ArchiveError::ShortPassphrase);
                }
                let mut recipient = scrypt::Recipient::new(passphrase.0.clone());
                recipient.set_work_factor(WORK);
                vec![Box::new(recipient)]
            }
            Seal::Recipients(all) => {
                all.iter().map(|one| Box::new(one.0.clone()) as Box<dyn age::Recipient>).collect()
            }
        };
        let recipients = recipients.iter().map(|one| &**one);
        let encryptor = Encryptor::with_recipients(recipients)
            .map_err(|error| ArchiveError::Seal { reason: error.to_string() })?;
        Ok(Self::Age(encryptor.wrap_output(inner)?))
    }

    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Self::Open(inner) => Ok(inner),
            Self::Age(stream) => stream.finish(),
        }
    }
}

impl<W: Write> Write for Sealed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Open(inner) => inner.write(bytes),
            Self::Age(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Open(inner) => inner.flush(),
            Self::Age(stream) => stream.flush(),
        }
    }
}

/// What a file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An archive without a seal.
    Open,
    /// One that a passphrase opens.
    Passphrase,
    /// One that a key opens.
    Key,
    /// A sealed one as text, which we do not read.
    Armoured,
}

/// What the first 512 bytes of a file say; `None` if it is no archive.
#[must_use]
pub fn kind(start: &[u8]) -> Option<Kind> {
    if start.starts_with(b"age-encryption.org/v1\n-> scrypt ") {
        Some(Kind::Passphrase)
    } else if start.starts_with(b"age-encryption.org/v1\n") {
        Some(Kind::Key)
    } else if start.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----") {
        Some(Kind::Armoured)
    } else if start.get(257..262) == Some(b"ustar") {
        Some(Kind::Open)
    } else {
        None
    }
}

/// Reads through a seal. What was changed or cut off is an error, at the latest at the end.
pub(super) fn opened<'a>(
    inner: impl Read + 'a,
    key: &Key,
) -> Result<Box<dyn Read + 'a>, ArchiveError> {
    let mut inner = BufReader::with_capacity(64 << 10, inner);
    let start = inner.fill_buf()?;
    match kind(start) {
        None => return Err(ArchiveError::NoArchive),
        Some(Kind::Open) => return Ok(Box::new(inner)),
        Some(Kind::Armoured) => return Err(ArchiveError::Armoured),
        Some(Kind::Passphrase | Kind::Key) => {}
    }
    let decryptor = Decryptor::new_buffered(inner).map_err(ArchiveError::from_age)?;
    let stream = match key {
        Key::None if decryptor.is_scrypt() => return Err(ArchiveError::NeedsPassphrase),
        Key::None => return Err(ArchiveError::NeedsKey),
        Key::Passphrase(_) if !decryptor.is_scrypt() => return Err(ArchiveError::NeedsKey),
        Key::Identities(_) if decryptor.is_scrypt() => return Err(ArchiveError::NeedsPassphrase),
        Key::Passphrase(passphrase) => {
            let mut identity = scrypt::Identity::new(passphrase.0.clone());
            identity.set_max_work_factor(MOST_WORK);
            decryptor.decrypt([&identity as &dyn age::Identity].into_iter())
        }
        Key::Identities(text) => {
            let file = IdentityFile::from_buffer(text.0.expose_secret().as_bytes())
                .map_err(|_| ArchiveError::NoIdentity)?;
            let identities = file.into_identities().map_err(|_| ArchiveError::NoIdentity)?;
            decryptor.decrypt(identities.iter().map(|one| &**one as &dyn age::Identity))
        }
    };
    Ok(Box::new(stream.map_err(ArchiveError::from_age)?))
}

impl ArchiveError {
    fn from_age(error: DecryptError) -> Self {
        match error {
            // A passphrase that is wrong, and keys of which none fits.
            DecryptError::KeyDecryptionFailed
            | DecryptError::DecryptionFailed
            | DecryptError::NoMatchingKeys => Self::WrongKey,
            DecryptError::ExcessiveWork { .. } => Self::TooMuchWork,
            DecryptError::InvalidHeader
            | DecryptError::InvalidMac
            | DecryptError::UnknownFormat => Self::DamagedSeal,
            DecryptError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::DamagedSeal
            }
            DecryptError::Io(error) => Self::Io(error),
            // The package may name more some day.
            other => Self::Seal { reason: other.to_string() },
        }
    }
}
