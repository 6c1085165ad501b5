//! What opens an archive: asked for on the terminal, or read from a file.

use std::io::{BufRead, IsTerminal, Read, Write, stderr, stdin};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use levator_store::archive::{Identities, Key, Kind, Passphrase};
use ratatui::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, read};
use ratatui::crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::failure::{Attempt, Code, Failure};

/// What opens a sealed archive.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Sealed archives")]
pub(crate) struct KeyArgs {
    /// File with the passphrase in its first line, or - for standard input. Without it, the terminal asks.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// File with the secret key, as `levator visits key` writes it.
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    pub(crate) identity: Option<PathBuf>,
}

impl KeyArgs {
    /// Whether a file with it was named: nobody is asked then.
    pub(crate) fn is_named(&self) -> bool {
        self.passphrase_file.is_some() || self.identity.is_some()
    }

    /// What to try on an archive of this kind.
    pub(crate) fn key(&self, kind: Kind) -> Result<Key, Failure> {
        if let Some(path) = &self.identity {
            let text = std::fs::read_to_string(path).attempt(Code::File, path.display())?;
            return Ok(Key::Identities(Identities::new(text)));
        }
        if let Some(path) = &self.passphrase_file {
            return Ok(Key::Passphrase(from_file(path)?));
        }
        match kind {
            Kind::Passphrase => Ok(Key::Passphrase(ask("passphrase: ")?)),
            Kind::Open | Kind::Key | Kind::Armoured => Ok(Key::None),
        }
    }
}

/// The first line of a file, or of standard input.
pub(crate) fn from_file(path: &Path) -> Result<Passphrase, Failure> {
    /// Longer than anybody's; a wrong file has no end.
    const MOST: u64 = 4096;
    let mut line = String::new();
    let read = match path == Path::new("-") {
        true => stdin().lock().take(MOST).read_line(&mut line),
        false => std::fs::File::open(path)
            .and_then(|file| std::io::BufReader::new(file.take(MOST)).read_line(&mut line)),
    };
    read.attempt(Code::File, path.display())?;
    let line = line.trim_end_matches(['\r', '\n']);
    if line.is_empty() {
        let error = anyhow!("{}: there is no passphrase in its first line", path.display());
        return Err(Failure::new(Code::Usage, error));
    }
    Ok(Passphrase::new(line.to_owned()))
}

/// Asks for a new one, twice.
pub(crate) fn new() -> Result<Passphrase, Failure> {
    let first = ask("new passphrase: ")?;
    if !first.is_long_enough() {
        let error = levator_store::archive::ArchiveError::ShortPassphrase;
        return Err(Failure::new(Code::Usage, error));
    }
    match ask("once more: ")?.is(&first) {
        true => Ok(first),
        false => Err(Failure::new(Code::Usage, anyhow!("the two are not the same"))),
    }
}

/// Asks on the terminal, without showing what is typed.
fn ask(what: &str) -> Result<Passphrase, Failure> {
    if !stdin().is_terminal() || !stderr().is_terminal() {
        let error =
            anyhow!("nobody is here to be asked for the passphrase: --passphrase-file FILE");
        return Err(Failure::new(Code::Usage, error));
    }
    write!(stderr(), "{what}")?;
    stderr().flush()?;
    enable_raw_mode()?;
    let typed = typed();
    disable_raw_mode()?;
    writeln!(stderr())?;
    match typed? {
        Some(text) => Ok(Passphrase::new(text)),
        None => Err(Failure::new(Code::Usage, anyhow!("nothing was entered"))),
    }
}

/// What is typed up to Enter; `None` if it was given up.
fn typed() -> std::io::Result<Option<String>> {
    let mut text = String::new();
    loop {
        let event = read()?;
        if let Event::Paste(pasted) = &event {
            text.push_str(pasted);
        }
        let Event::Key(key) = event else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        match key.code {
            KeyCode::Enter => return Ok(Some(text).filter(|text| !text.is_empty())),
            KeyCode::Esc => return Ok(None),
            KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Ok(None);
            }
            KeyCode::Backspace => drop(text.pop()),
            KeyCode::Char(letter) => text.push(letter),
            _ => {}
        }
    }
}
