//! Where the store is, and folders and files that nobody else may read.

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};

use etcetera::base_strategy::{BaseStrategy, choose_base_strategy};

use crate::StoreError;

/// The data folder of this user, as the system wants it: `~/.local/share/levator` on Linux.
///
/// # Errors
///
/// [`StoreError::NoHome`].
pub fn data_folder() -> Result<PathBuf, StoreError> {
    let strategy = choose_base_strategy().map_err(|_| StoreError::NoHome)?;
    Ok(strategy.data_dir().join("levator"))
}

/// Makes a folder and those above it that are missing, for their owner only. One that is there stays as
/// it is.
///
/// # Errors
///
/// What the system says.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Takes everybody else's rights to a folder of ours away.
pub(crate) fn close_to_others(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path)?.permissions().mode();
        if mode & 0o077 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700))?;
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Names and kinds of what is in a folder, in the order of the names; empty if the folder is not there.
/// Links are not followed, and names that are no UTF-8 are not ours.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<(String, fs::FileType)>> {
    let all = list_all(folder)?.into_iter();
    Ok(all.filter_map(|(name, kind)| Some((name.into_string().ok()?, kind))).collect())
}

/// The same with names that are no UTF-8.
pub(crate) fn list_all(folder: &Path) -> io::Result<Vec<(OsString, fs::FileType)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_gone(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        // What went in the meantime is not there.
        if let Ok(kind) = entry.file_type() {
            found.push((entry.file_name(), kind));
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(found)
}

/// The folder, or one above it, is not there.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// So many random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Random(error.to_string()))?;
    Ok(bytes)
}
