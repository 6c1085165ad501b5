//! Which data folder, and what is in it.

use std::path::PathBuf;

use clap::Args;
use levator_store::{PersonCode, Store, StoreError, data_folder};

use crate::failure::{Code, Failure};

/// Where people and visits are kept.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct DataArgs {
    /// Folder of the people and their visits. [default: the data folder of this user]
    #[arg(long, value_name = "DIR", env = "LEVATOR_DATA", hide_env_values = true)]
    pub(crate) data: Option<PathBuf>,
}

impl DataArgs {
    /// The folder itself.
    pub(crate) fn root(&self) -> Result<PathBuf, Failure> {
        let root = match &self.data {
            Some(root) if root.as_os_str().is_empty() => Err(StoreError::NoHome),
            Some(root) => Ok(root.clone()),
            None => data_folder(),
        };
        root.map_err(|error| Failure::new(Code::File, error))
    }

    /// The store in it.
    pub(crate) fn store(&self) -> Result<Store, Failure> {
        Ok(Store::at(&self.root()?))
    }
}

/// The code of a person, of what was said on the command line.
pub(crate) fn code(text: &str) -> Result<PersonCode, Failure> {
    PersonCode::new(text).map_err(|error| Failure::new(Code::Usage, error))
}

/// What the store refuses, with the code that fits.
pub(crate) fn failure(error: StoreError) -> Failure {
    let code = match &error {
        StoreError::Name(_)
        | StoreError::Unknown { .. }
        | StoreError::Ambiguous { .. }
        | StoreError::AlmostSame { .. }
        | StoreError::ShortSecret { .. } => Code::Usage,
        StoreError::NoHome | StoreError::NotPlain { .. } | StoreError::NotPortable { .. } => {
            Code::File
        }
        StoreError::Io { .. }
        | StoreError::Differs { .. }
        | StoreError::Busy { .. }
        | StoreError::Coming { .. } => Code::Recording,
        StoreError::Random(_) => Code::Other,
    };
    Failure::new(code, error)
}
