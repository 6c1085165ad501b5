//! Visits that are begun on the page: what it asks, and one visit after the other.

mod begin;
mod edits;
mod kept;
mod offer;
mod review;
mod somebody;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use levator_catalog::lang::{Lang, Words};
use levator_console::{Desk, Reply};
use levator_live::Handle;
use serde_json::{Value, json};

use self::begin::{Choice, Going};
use crate::analysis::Analysis;
use crate::args::Setup;
use crate::data::DataArgs;
use crate::failure::Failure;
use crate::page::{Page, PageArgs};
use crate::stop::Stop;

/// How often it is looked whether something is to be done.
const LOOK: Duration = Duration::from_millis(100);
/// After the last page was closed for so long, and nothing is measured, the program ends. Our choice: who
/// goes to another tab keeps the page, and who loads it anew is back in a second.
const ABANDONED: Duration = Duration::from_secs(60);

/// What every visit has in common.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    pub(crate) page: PageArgs,
    pub(crate) data: DataArgs,
    /// Folder in which visits without a person are recorded, each in a folder of its own.
    pub(crate) out: Option<PathBuf>,
    pub(crate) setup: Setup,
    pub(crate) seconds: Option<f64>,
    pub(crate) patience_s: f64,
    pub(crate) any_rate: bool,
    pub(crate) json: bool,
    /// What is chosen at first: a virtual person.
    pub(crate) is_virtual: bool,
}

/// Where the visit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connect,
    Check,
    Live,
    Done,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Check => "check",
            Self::Live => "live",
            Self::Done => "done",
        }
    }
}

/// What the page has asked to be done.
enum Order {
    /// Back to the beginning.
    Connect,
    Check(Box<Choice>),
    Visit(Box<Going>),
}

struct State {
    stage: Stage,
    orders: VecDeque<Order>,
    /// What was checked last.
    choice: Option<Choice>,
    /// The session that runs.
    handle: Option<Handle>,
}

/// Answers pages, and hands on what they want done.
struct Front {
    common: Common,
    state: Mutex<State>,
    /// The visit that was analysed last: whoever looks at one asks several things about it.
    last: Mutex<Option<(String, Arc<Analysis>)>>,
    /// Held while the changes of a visit are read, added to and kept.
    editing: Mutex<()>,
}

/// Serves the page until Ctrl-C, or until nobody looks at it any more.
pub(crate) fn run(common: &Common) -> Result<ExitCode, Failure> {
    let stop = Stop::listen()?;
    let state =
        State { stage: Stage::Connect, orders: VecDeque::new(), choice: None, handle: None };
    let front = Arc::new(Front {
        common: common.clone(),
        state: Mutex::new(state),
        last: Mutex::new(None),
        editing: Mutex::new(()),
    });
    let scene = levator_console::Scene::default();
    let desk: Arc<dyn Desk> = Arc::clone(&front) as Arc<dyn Desk>;
    let mut page = Page::wait(&common.page, scene, desk)?;
    front.tell(&page, Stage::Connect, json!({}));
    let (mut was_open, mut away) = (false, Duration::ZERO);
    while !stop.is_asked() && away < ABANDONED {
        let order = front.state().orders.pop_front();
        match order {
            Some(Order::Connect) => front.tell(&page, Stage::Connect, json!({})),
            Some(Order::Check(choice)) => front.check(&choice, &page, &stop),
            Some(Order::Visit(going)) => front.visit(*going, &mut page, &stop),
            None => std::thread::sleep(LOOK),
        }
        was_open |= page.count() > 0;
        away = if was_open && page.count() == 0 { away + LOOK } else { Duration::ZERO };
    }
    page.leave();
    Ok(ExitCode::SUCCESS)
}

impl Front {
    /// Nobody panics while holding it; if somebody did, what it holds is still true.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says where the visit is.
    fn tell(&self, page: &Page, stage: Stage, more: Value) {
        self.state().stage = stage;
        let mut told = more;
        told["stage"] = stage.name().into();
        page.set_stage(told);
    }

    /// Has something done after what is done now, which is ended.
    fn order(&self, order: Order) {
        let mut state = self.state();
        state.orders.push_back(order);
        if let Some(handle) = &state.handle {
            handle.stop();
        }
    }

    /// Whether the session that runs has to make way.
    fn is_ordered(&self) -> bool {
        !self.state().orders.is_empty()
    }
}

impl Desk for Front {
    fn ask(&self, question: &Value) -> Result<Reply, String> {
        let words = || words(question);
        let failed = |failure: Failure| failure.to_string();
        let told = match question["what"].as_str().unwrap_or_default() {
            "hello" => self.hello(&words()),
            "said" => said(question, &words()),
            "ports" => self.ports(),
            "listen" => offer::listen(question),
            "check" => self.ask_check(question),
            "connect" => self.ask_connect(),
            "answers" => self.answers(question, &words()),
            "begin" => self.ask_begin(question, &words()),
            "visits" => self.visits().map_err(failed),
            "answer" => self.answer(question, &words()).map_err(failed),
            "report" => return self.report(question, &words()).map_err(failed),
            "plan" => self.plan(question, &words()).map_err(failed),
            "progress" => return self.progress(question, &words()).map_err(failed),
            "overview" => self.overview(question).map_err(failed),
            "contractions" => self.contractions(question).map_err(failed),
            "edit" => self.edit(question).map_err(failed),
            other => Err(format!("{other:?} is no question that is answered here")),
        };
        told.map(Reply::from)
    }
}

/// The words of the language of the page that asks.
fn words(question: &Value) -> Words {
    Words::of(question["lang"].as_str().and_then(Lang::from_code).unwrap_or_default())
}

/// Sentences of the signal and of the rule in the language of the page.
fn said(question: &Value, words: &Words) -> Result<Value, String> {
    let texts = question["texts"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let all = texts.take(64).map(|text| (text.to_owned(), Value::from(words.said(text))));
    Ok(json!({ "said": all.collect::<serde_json::Map<_, _>>() }))
}

/// A text of a question, if it is there and not empty.
fn text_of<'a>(question: &'a Value, key: &str) -> Option<&'a str> {
    question[key].as_str().map(str::trim).filter(|text| !text.is_empty())
}
