//! The keyboard of the live view.
//!
//! What a key asks for is done on the thread that heard it, so that a mark waits for no picture.

use std::sync::{Arc, Mutex, PoisonError};

use levator_engine::Conduct;
use levator_live::{Handle, ProgrammeState};
use levator_programme::Suspension;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// Longest note, in characters: what a screen shows, and less than a mark takes.
const MAX_NOTE_LEN: usize = 200;

/// What a key asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wish {
    Stop,
    Mark(String),
    Pause,
    Next,
}

/// What was typed so far.
///
/// A note belongs to the moment at which somebody had something to say, not to the one at which it was
/// written down. So the key makes a mark at once, `note 1`, and the text follows under the same name,
/// `note 1: text`. Whoever drops the text, or loses the program while typing, has the mark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Keys {
    /// The text of the note that is being typed.
    typing: Option<String>,
    note_count: u32,
    /// A visit that is played again takes no marks.
    is_played: bool,
}

impl Keys {
    fn press(&mut self, key: KeyEvent) -> Option<Wish> {
        if key.kind != KeyEventKind::Press {
            return None;
        }
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        if is_control && key.code == KeyCode::Char('c') {
            return Some(Wish::Stop);
        }
        if let Some(typed) = self.typing.take() {
            return self.type_on(typed, key);
        }
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => Some(Wish::Stop),
            _ if self.is_played => None,
            KeyCode::Char('m') => Some(Wish::Mark(String::new())),
            KeyCode::Char('t') => {
                self.typing = Some(String::new());
                self.note_count += 1;
                Some(Wish::Mark(self.name()))
            }
            KeyCode::Char('p' | ' ') => Some(Wish::Pause),
            KeyCode::Char('n') => Some(Wish::Next),
            _ => None,
        }
    }

    fn type_on(&mut self, mut typed: String, key: KeyEvent) -> Option<Wish> {
        match key.code {
            KeyCode::Enter => {
                let text = typed.trim();
                return (!text.is_empty()).then(|| Wish::Mark(format!("{}: {text}", self.name())));
            }
            KeyCode::Esc => return None,
            KeyCode::Backspace => drop(typed.pop()),
            KeyCode::Char(letter)
                if !letter.is_control() && typed.chars().count() < MAX_NOTE_LEN =>
            {
                typed.push(letter);
            }
            _ => {}
        }
        self.typing = Some(typed);
        None
    }

    fn name(&self) -> String {
        format!("note {}", self.note_count)
    }
}

/// A keyboard that is listened to.
#[derive(Clone, Debug)]
pub(super) struct Keyboard(Arc<Mutex<Keys>>);

impl Keyboard {
    /// Hears the keyboard on a thread of its own, which ends with the program.
    ///
    /// When the terminal goes away, crossterm's wait for an event never returns: it reads the end of
    /// the terminal again and again. Whoever drew and listened on one thread would then hang, and with
    /// it the end of the recording.
    pub(super) fn listen(handle: Handle, is_played: bool) -> Self {
        let keyboard = Self(Arc::new(Mutex::new(Keys { is_played, ..Keys::default() })));
        let heard = keyboard.clone();
        std::thread::spawn(move || {
            while let Ok(event) = event::read() {
                let Event::Key(key) = event else { continue };
                let wish = heard.keys(|keys| keys.press(key));
                if let Some(wish) = wish {
                    fulfil(&handle, wish);
                }
            }
        });
        keyboard
    }

    /// The note that is being typed, as a line for the screen.
    pub(super) fn typed(&self) -> Option<String> {
        self.keys(|keys| {
            let typed = keys.typing.as_ref()?;
            Some(format!("{}: {typed}_   Enter keeps the text, Esc drops it", keys.name()))
        })
    }

    fn keys<T>(&self, with: impl FnOnce(&mut Keys) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn fulfil(handle: &Handle, wish: Wish) {
    // What comes after the end has nothing to be bound to.
    let _ = match wish {
        Wish::Stop => {
            handle.stop();
            Ok(())
        }
        Wish::Mark(text) => handle.mark(&text),
        Wish::Pause => {
            // One that waits for the signal goes on by itself: to be asked is whether it may.
            let is_paused = handle.latest().programme.is_some_and(|programme| {
                let by = |why| programme.state == ProgrammeState::Suspended(why);
                by(Suspension::Person) || by(Suspension::Raised)
            });
            handle.conduct(if is_paused { Conduct::Resume } else { Conduct::Suspend })
        }
        Wish::Next => handle.conduct(Conduct::Skip),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(keys: &mut Keys, code: KeyCode) -> Option<Wish> {
        keys.press(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn type_in(keys: &mut Keys, text: &str) {
        for letter in text.chars() {
            assert_eq!(press(keys, KeyCode::Char(letter)), None);
        }
    }

    #[test]
    fn keys_stop_and_mark() {
        let mut keys = Keys::default();
        assert_eq!(press(&mut keys, KeyCode::Char('q')), Some(Wish::Stop));
        assert_eq!(press(&mut keys, KeyCode::Esc), Some(Wish::Stop));
        let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(keys.press(control_c), Some(Wish::Stop));
        assert_eq!(press(&mut keys, KeyCode::Char('c')), None);
        assert_eq!(press(&mut keys, KeyCode::Char('m')), Some(Wish::Mark(String::new())));
        assert_eq!(press(&mut keys, KeyCode::Char('p')), Some(Wish::Pause));
        assert_eq!(press(&mut keys, KeyCode::Char('n')), Some(Wish::Next));
        let released = KeyEvent { kind: KeyEventKind::Release, ..control_c };
        assert_eq!(keys.press(released), None);
    }

    #[test]
    fn a_note_is_marked_when_it_is_begun_and_told_when_it_is_written() {
        let mark = |text: &str| Some(Wish::Mark(text.to_owned()));
        let mut keys = Keys::default();
        assert_eq!(press(&mut keys, KeyCode::Char('t')), mark("note 1"));
        // Keys that mean something else are letters now.
        type_in(&mut keys, "mqxp t");
        assert_eq!(press(&mut keys, KeyCode::Backspace), None);
        assert_eq!(press(&mut keys, KeyCode::Enter), mark("note 1: mqxp"));
        assert_eq!(press(&mut keys, KeyCode::Char('m')), mark(""));
        assert_eq!(press(&mut keys, KeyCode::Char('t')), mark("note 2"));
        type_in(&mut keys, "never");
        assert_eq!(press(&mut keys, KeyCode::Esc), None, "drops the text, does not stop");
        assert_eq!(press(&mut keys, KeyCode::Char('t')), mark("note 3"));
        assert_eq!(press(&mut keys, KeyCode::Enter), None, "there is nothing to add");
        type_in(&mut keys, "x");
        assert_eq!(keys.typing, None);
    }

    #[test]
    fn a_note_ends_somewhere_and_control_c_stops_while_it_is_typed() {
        let mut keys = Keys::default();
        press(&mut keys, KeyCode::Char('t'));
        type_in(&mut keys, &"ü".repeat(1000));
        assert_eq!(keys.typing.as_ref().map(|typed| typed.chars().count()), Some(MAX_NOTE_LEN));
        let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(keys.press(control_c), Some(Wish::Stop));
    }

    #[test]
    fn a_visit_that_is_played_takes_no_marks() {
        let mut keys = Keys { is_played: true, ..Keys::default() };
        type_in(&mut keys, "mtpn ");
        assert_eq!(press(&mut keys, KeyCode::Char('q')), Some(Wish::Stop));
    }
}
