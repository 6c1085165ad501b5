//! Reports that a page may open in a window of its own.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::token::Token;

/// Reports that are kept; the oldest is forgotten. A person looks at one or two.
const KEPT: usize = 8;

/// Documents, each with what must be known to read it. They are gone when the program ends.
#[derive(Default)]
pub(crate) struct Papers(Mutex<VecDeque<(Token, String)>>);

impl Papers {
    /// Keeps a document; its path on this server.
    pub(crate) fn put(&self, paper: String) -> io::Result<String> {
        let ticket = Token::new()?;
        let path = format!("paper/{}", ticket.text());
        let mut kept = self.kept();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((ticket, paper));
        Ok(path)
    }

    pub(crate) fn get(&self, ticket: &str) -> Option<String> {
        self.kept().iter().find(|(known, _)| known.is(ticket)).map(|(_, paper)| paper.clone())
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<(Token, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_kept_and_nobody_guesses_one() {
        let papers = Papers::default();
        let paths: Vec<String> =
            (0..10).map(|n| papers.put(format!("<p>{n}</p>")).expect("chance")).collect();
        let of = |path: &String| papers.get(path.strip_prefix("paper/").expect("a path"));
        assert_eq!(of(&paths[9]).as_deref(), Some("<p>9</p>"));
        assert_eq!(of(&paths[2]).as_deref(), Some("<p>2</p>"));
        assert_eq!((of(&paths[0]), of(&paths[1])), (None, None), "the oldest are forgotten");
        assert_eq!((papers.get(""), papers.get(&"0".repeat(64))), (None, None));
    }
}
