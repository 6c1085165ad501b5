//! The way into a visit: a device is chosen, checked, and then the visit is begun.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;
use levator_catalog::lang::Words;
use levator_catalog::programmes;
use levator_catalog::told::Told;
use levator_detect::manoeuvre::Role;
use levator_device::{Connector, SerialConnector};
use levator_engine::{Begins, Course, EngineConfig};
use levator_live::{ChannelView, LiveConfig, Session, Snapshot, StartError};
use levator_programme::{Millis, Opening, Position, Programme};
use levator_score::{Reference, Site};
use levator_signal::quality::Severity;
use levator_signal::{ChannelId, SignalKind, Unit, Verdict};
use levator_simulate::people::Condition;
use serde_json::{Value, json};

use super::{Front, Order, Stage, offer, somebody, text_of};
use crate::args::LinkArgs;
use crate::assess::About;
use crate::failure::{Attempt, Code, Failure};
use crate::foreign;
use crate::gate::{self, Opened};
use crate::page::Page;
use crate::stop::Stop;
use crate::view::{self, Face};
use crate::visit::{self, AboutArgs, Plan};
use crate::{analysis, args, calibrations, data, demo, doctor};

/// Between two looks at a signal that is checked.
const LOOK: Duration = Duration::from_millis(200);
/// A real person has this long after the first sample before the programme begins. Our choice.
const LEAD: Millis = Millis(3000);

/// What was chosen on the page.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    on: On,
    programme: Option<Programme>,
    site: Option<Site>,
    position: Option<Position>,
    person: Option<String>,
    reference: Option<Reference>,
}

/// Who or what is measured.
#[derive(Clone, Debug)]
enum On {
    Port(Box<LinkArgs>),
    Virtual(Condition),
}

/// What is listened to.
#[derive(Clone, Copy)]
enum Probe<'a> {
    At(&'a LinkArgs),
    /// On somebody virtual, with what its channels are.
    Virtual(&'a [(ChannelId, Role)]),
}

/// A visit that may begin.
pub(super) struct Going {
    choice: Choice,
    opened: Opened,
}

impl Choice {
    fn of(question: &Value, front: &Front) -> Result<Self, String> {
        let common = &front.common;
        let on = match text_of(question, "virtual") {
            Some(name) => {
                let known = Condition::ALL.into_iter().find(|one| one.name() == name);
                On::Virtual(known.ok_or_else(|| format!("nobody virtual is {name:?}"))?)
            }
            None => On::Port(Box::new(LinkArgs {
                port: text_of(question, "port").ok_or("choose a port first")?.to_owned(),
                device: foreign::choice(text_of(question, "device").unwrap_or("native"))?,
                baud: question["baud"].as_u64().and_then(|baud| u32::try_from(baud).ok()),
                patience: common.patience_s,
                any_rate: common.any_rate,
            })),
        };
        let programme = match text_of(question, "programme") {
            None => None,
            Some(id) => {
                let own = common.setup.programme.clone();
                let own = own.filter(|one| one.definition().id == id);
                let known = own.or_else(|| programmes::built_in(id));
                Some(known.ok_or_else(|| format!("there is no programme {id:?}"))?)
            }
        };
        let site = match text_of(question, "site") {
            None => None,
            Some(name) => Some(Site::from_name(name).ok_or("the site is not known")?),
        };
        let position = match text_of(question, "position") {
            None => None,
            Some(name) => Some(Position::from_name(name).ok_or("the position is not known")?),
        };
        let person = text_of(question, "person").map(str::to_owned);
        if let Some(code) = &person {
            data::code(code).map_err(|failure| failure.to_string())?;
        }
        let reference = text_of(question, "reference").map(args::reference).transpose()?;
        Ok(Self { on, programme, site, position, person, reference })
    }

    pub(super) fn programme(&self) -> Option<&Programme> {
        self.programme.as_ref()
    }

    fn is_virtual(&self) -> bool {
        matches!(self.on, On::Virtual(_))
    }

    /// What is said of it while it is checked.
    fn json(&self) -> Value {
        let (port, device, who) = match &self.on {
            On::Port(link) => (Some(&link.port), Some(link.device.name()), None),
            On::Virtual(condition) => (None, None, Some(condition.name())),
        };
        json!({
            "port": port,
            "device": device,
            "virtual": who,
            "programme": self.programme.as_ref().map(|one| one.definition().id.clone()),
            "site": self.site.map(Site::name),
            "position": self.position.map(Position::name),
            "person": self.person,
            "reference": self.reference.as_ref().map(Reference::id),
        })
    }

    /// What is told with it: where the probe lies, how the person lies, and the device of the reference.
    fn told(&self) -> Told {
        let mut told = match &self.on {
            On::Virtual(condition) if self.programme.is_some() => {
                somebody::told(*condition).unwrap_or_else(Told::nothing)
            }
            // Who does as they like has a probe that no reference knows.
            On::Virtual(_) | On::Port(_) => Told::nothing(),
        };
        told.setup.site = self.site.or(told.setup.site);
        told.position = self.position;
        told
    }
}

impl Front {
    pub(super) fn ask_check(&self, question: &Value) -> Result<Value, String> {
        if !self.is_free() {
            return Err("a visit is running; end it first".to_owned());
        }
        let choice = Choice::of(question, self)?;
        let told = choice.json();
        self.order(Order::Check(Box::new(choice)));
        Ok(told)
    }

    pub(super) fn ask_connect(&self) -> Result<Value, String> {
        if !self.is_free() {
            return Err("a visit is running; end it first".to_owned());
        }
        self.order(Order::Connect);
        Ok(json!({}))
    }

    /// Begins the visit that was checked, if what is reported and what is known allow it.
    pub(super) fn ask_begin(&self, question: &Value, words: &Words) -> Result<Value, String> {
        let choice = {
            let state = self.state();
            // Who clicks twice begins once.
            if state.orders.iter().any(|order| matches!(order, Order::Visit(_))) {
                return Ok(json!({ "begins": true }));
            }
            (state.stage == Stage::Check).then(|| state.choice.clone()).flatten()
        };
        let choice = choice.ok_or("choose a probe and have it checked first")?;
        if question["answered"] != true {
            return Err("the questions come first".to_owned());
        }
        let told = Told { symptoms: offer::reported(question)?, ..choice.told() };
        let before = self.before(choice.person.as_deref()).map_err(|one| one.to_string())?;
        let opened = gate::decide(
            choice.programme.as_ref(),
            Some(told.clone()),
            before.as_ref().map(|one| &*one.analysis),
            choice.reference.as_ref(),
            false,
        );
        match opened {
            Ok(opened) => {
                let opened = Opened { told: opened.told.or(Some(told)), ..opened };
                self.order(Order::Visit(Box::new(Going { choice, opened })));
                Ok(json!({ "begins": true }))
            }
            Err(failure) => {
                // In the language of the page, as far as it has words for it.
                let judged = before.as_ref().map(super::kept::Seen::assessment);
                let programme = choice.programme.as_ref();
                let openness = programme.map(|one| offer::openness(one, judged.as_ref(), words));
                let in_words = openness.filter(|(opening, _)| *opening == Opening::Closed);
                let why = in_words.map_or_else(|| failure.to_string(), |(_, text)| text);
                let mut told = self.answers(question, words)?;
                told["begins"] = false.into();
                told["why"] = why.into();
                Ok(told)
            }
        }
    }

    /// Listens to a device until somebody goes on or back.
    pub(super) fn check(&self, choice: &Choice, page: &Page, stop: &Stop) {
        self.state().choice = Some(choice.clone());
        let about = json!({ "choice": choice.json() });
        self.tell(page, Stage::Check, about);
        let looked = match &choice.on {
            On::Port(link) => {
                let connector = SerialConnector::new(foreign::settings(link));
                self.listen(connector, choice, Probe::At(link), page, stop)
            }
            On::Virtual(condition) => somebody::resting(*condition, choice.programme.as_ref())
                .and_then(|subject| {
                    let roles = subject.roles;
                    demo::at_a_port(subject.device, |connector, _| {
                        self.listen(connector, choice, Probe::Virtual(&roles), page, stop)
                    })
                }),
        };
        self.state().handle = None;
        if let Err(failure) = looked {
            let told = json!({ "choice": choice.json(), "trouble": failure.to_string() });
            self.tell(page, Stage::Connect, told);
        }
    }

    fn listen(
        &self,
        connector: impl Connector + 'static,
        choice: &Choice,
        probe: Probe<'_>,
        page: &Page,
        stop: &Stop,
    ) -> Result<(), Failure> {
        let mut config = self.config(match probe {
            Probe::At(link) => Some(link),
            Probe::Virtual(_) => None,
        })?;
        if let Probe::Virtual(roles) = probe {
            config.roles = roles.to_vec();
        }
        let calibrations = config.calibrations.clone();
        let scene = levator_console::Scene {
            roles: config.roles.clone(),
            is_virtual: choice.is_virtual(),
            ..levator_console::Scene::default()
        };
        page.begin_check(&scene);
        let session = Session::start(connector, LiveConfig::new(config), page.tap());
        let session = session.map_err(|error| match &error {
            StartError::Port(port) => {
                let trouble = doctor::of_port(port);
                Failure::new(Code::Port, anyhow!("{}; {}", trouble.what, trouble.remedy))
            }
            _ => visit::start_failure(error),
        })?;
        page.attach_check(session.handle(), &scene);
        self.state().handle = Some(session.handle());
        let mut last = Value::Null;
        while !session.is_over() && !self.is_ordered() && !stop.is_asked() {
            let snapshot = session.latest();
            let known = |channel: &ChannelView| {
                let uid = snapshot.device.map(|device| device.uid)?;
                let is_it = |one: &&levator_engine::KnownCalibration| {
                    one.uid == uid && one.channel == channel.channel
                };
                calibrations.iter().rev().find(is_it).map(|one| one.made_unix_s)
            };
            let mut told = checked(&snapshot, known);
            told["choice"] = choice.json();
            if told != last {
                self.tell(page, Stage::Check, told.clone());
                last = told;
            }
            if view::is_enough(&snapshot, stop, self.common.patience_s) {
                break;
            }
            std::thread::sleep(LOOK);
        }
        session.stop();
        let (summary, _) = session.wait().attempt(Code::Other, "check")?;
        if self.is_ordered() || stop.is_asked() {
            return Ok(());
        }
        if let (Probe::At(link), true) =
            (probe, visit::misunderstanding(&summary.last, "the port").is_some())
        {
            let trouble = doctor::of_silence(&summary.last, link);
            let error = anyhow!("{}; {}", trouble.what, trouble.remedy);
            return Err(Failure::new(Code::Device, error));
        }
        // Somebody ended it: back to where the device is chosen.
        self.tell(page, Stage::Connect, json!({ "choice": choice.json() }));
        Ok(())
    }

    /// Settings for a device, with the calibrations that are kept of it.
    fn config(&self, link: Option<&LinkArgs>) -> Result<EngineConfig, Failure> {
        let mut config = EngineConfig::device();
        analysis::apply(&self.common.setup.filter, &mut config);
        if let Some(link) = link {
            link.device.apply(&mut config);
            let serial = foreign::usb_serial(&link.port);
            calibrations::apply(&self.common.data, &link.device, serial.as_deref(), &mut config)?;
        }
        Ok(config)
    }

    /// The visit itself, from its first sample to what came of it.
    pub(super) fn visit(&self, going: Going, page: &mut Page, stop: &Stop) {
        self.tell(page, Stage::Live, json!({ "choice": going.choice.json() }));
        let choice = going.choice.clone();
        let ended = self.measured(going, page, stop);
        self.state().handle = None;
        let told = match ended {
            Ok(folder) => {
                let id = folder.and_then(|folder| self.id_of(&folder));
                json!({ "choice": choice.json(), "visit": id })
            }
            Err((failure, folder)) => {
                let id = folder.and_then(|folder| self.id_of(&folder));
                json!({ "choice": choice.json(), "visit": id, "trouble": failure.to_string() })
            }
        };
        self.tell(page, Stage::Done, told);
    }

    fn measured(
        &self,
        going: Going,
        page: &mut Page,
        stop: &Stop,
    ) -> Result<Option<PathBuf>, (Failure, Option<PathBuf>)> {
        let Going { choice, opened } = going;
        let place = self.place(&choice).map_err(|failure| (failure, None))?;
        let folder = place.clone();
        let forget = || {
            if let Some(person) = &choice.person
                && let (Ok(store), Ok(code)) = (self.common.data.store(), data::code(person))
            {
                // Somebody new of whom nothing was recorded is nobody.
                let _ = store.forget_if_empty(&code);
            }
        };
        let ended = match &choice.on {
            On::Port(link) => self.plan_of(&choice, &opened, Some(link), place).and_then(|plan| {
                let connector = SerialConnector::new(foreign::settings(link));
                visit::conduct(connector, &plan, stop, page)
            }),
            On::Virtual(condition) => {
                let subject = somebody::lived(*condition, choice.programme.as_ref());
                let plan = self.plan_of(&choice, &opened, None, place);
                subject.and_then(|subject| {
                    let mut plan = plan?;
                    plan.config.roles.clone_from(&subject.roles);
                    plan.device.clone_from(&subject.name);
                    plan.title = view::title(&subject.name);
                    demo::at_a_port(subject.device, |connector, port| {
                        port.clone_into(&mut plan.port);
                        visit::conduct(connector, &plan, stop, page)
                    })
                })
            }
        };
        forget();
        match ended {
            Ok(_) => Ok(folder),
            Err(failure) => Err((failure, folder)),
        }
    }

    /// Where it is recorded: among the visits of the person, or in the folder of the program.
    fn place(&self, choice: &Choice) -> Result<Option<PathBuf>, Failure> {
        if let Some(person) = &choice.person {
            let store = self.common.data.store()?;
            let begun = store.begin(&data::code(person)?, visit::unix_ms());
            return begun.map(Some).map_err(data::failure);
        }
        let Some(base) = &self.common.out else { return Ok(None) };
        let now = jiff::Zoned::now().strftime("%Y-%m-%d-%H%M%S").to_string();
        let name = |number: u32| match number {
            1 => format!("visit-{now}"),
            number => format!("visit-{now}-{number}"),
        };
        // Not to be recorded because of a name would be a loss that nobody sees.
        let free = (1..1000).map(|number| base.join(name(number))).find(|path| !path.exists());
        free.map(Some).ok_or_else(|| {
            let error = anyhow!("{}: a thousand visits began in this second", base.display());
            Failure::new(Code::Recording, error)
        })
    }

    fn plan_of(
        &self,
        choice: &Choice,
        opened: &Opened,
        link: Option<&LinkArgs>,
        out: Option<PathBuf>,
    ) -> Result<Plan, Failure> {
        let common = &self.common;
        let mut config = self.config(link)?;
        if let Some(programme) = &choice.programme {
            // Somebody virtual lives through it from their first sample on.
            let lead = if choice.is_virtual() { Millis(0) } else { LEAD };
            let begins = Begins::WithSignal(lead);
            let rest_guard = opened.guard;
            config.course = Some(Course { programme: programme.clone(), begins, rest_guard });
        }
        let told = About::new(opened.told.clone(), choice.reference.clone()).told.to_toml();
        let device = link.map_or_else(String::new, |link| link.device.name().to_owned());
        let port = link.map_or_else(String::new, |link| link.port.clone());
        Ok(Plan {
            config,
            out,
            seconds: common.seconds,
            patience_s: common.patience_s,
            any_rate: common.any_rate,
            face: Face::Quiet,
            page: Some(common.page.clone()),
            is_virtual: choice.is_virtual(),
            told: Some(told),
            title: view::title(&port),
            about: AboutArgs {
                person: choice.person.clone(),
                position: choice.position.map(|one| one.name().to_owned()),
                site: choice.site.map(|one| one.name().to_owned()),
                notes: None,
            },
            reference: choice.reference.as_ref().map(|one| one.id().to_owned()),
            device,
            port,
            json: common.json,
        })
    }
}

/// What the page is told of a signal that is checked.
fn checked(snapshot: &Snapshot, known: impl Fn(&ChannelView) -> Option<u64>) -> Value {
    let judged = || snapshot.channels.iter().filter(|channel| channel.passed.is_none());
    let channels: Vec<Value> = judged()
        .map(|channel| {
            let findings = channel.check.findings().map(|(finding, is_open)| {
                json!({
                    "fault": finding.fault.name(),
                    "reason": finding.fault.reason(),
                    "remedy": finding.fault.remedy(),
                    "now": is_open,
                    "note": finding.fault.severity() <= Severity::Note,
                })
            });
            let (verdict, remaining_s) = match channel.check.verdict() {
                Verdict::Pass => ("clean", None),
                Verdict::Listening { remaining_s } => ("listening", Some(remaining_s.ceil())),
                Verdict::Faulty => ("faulty", None),
            };
            let made = known(channel);
            let calibration = match (made, channel.kind, channel.unit) {
                (Some(_), ..) => "kept",
                (None, _, Unit::Count) => "none",
                (None, SignalKind::Pressure, _) => "device",
                (None, ..) => "not-needed",
            };
            json!({
                "stream": channel.channel.stream,
                "channel": channel.channel.channel,
                "label": channel.label.as_str(),
                "kind": channel.kind.name(),
                "unit": channel.unit.symbol(),
                "verdict": verdict,
                "remaining_s": remaining_s,
                "findings": findings.collect::<Vec<_>>(),
                "calibration": calibration,
                "calibrated_days": made.map(|made| {
                    calibrations::age_days(made, visit::unix_ms() / 1000)
                }),
            })
        })
        .collect();
    let is_clean = judged().next().is_some()
        && judged().all(|channel| channel.check.verdict() == Verdict::Pass);
    json!({ "clean": is_clean, "channels": channels, "stale_days": calibrations::STALE_DAYS })
}
