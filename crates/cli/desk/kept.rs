//! Visits that were recorded: which there are, what came of them, reports, and what has become of somebody.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use anyhow::anyhow;
use levator_catalog::lang::Words;
use levator_console::Reply;
use levator_programme::Load;
use levator_record::text::TextOptions;
use levator_record::visit::{ABOUT, About as Description, State};
use levator_report::Document;
use levator_report::document::Block;
use levator_report::html;
use levator_score::{Assessment, Reference, explain};
use levator_store::{Progress, Query};
use serde_json::{Value, json};

use super::{Front, text_of};
use crate::analysis::{self, Analysis};
use crate::args::Setup;
use crate::assess::{self, About};
use crate::data;
use crate::failure::{Attempt, Code, Failure};
use crate::progress;
use crate::report::{self, Reader};

/// What stands before the name of a visit in the folder of the program, in place of a person.
const HERE: &str = ".";

/// A visit that may be looked at.
pub(super) struct Kept {
    /// How pages name it.
    pub(super) id: String,
    pub(super) folder: PathBuf,
    told: Value,
    person: Option<String>,
    opened_unix_ms: Option<u64>,
    is_closed: bool,
}

/// A visit with what was found in it.
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) folder: PathBuf,
    pub(super) analysis: Arc<Analysis>,
}

impl Seen {
    /// The reference that was asked for when it was recorded.
    fn reference(&self) -> Option<Reference> {
        let named = Description::read(&self.folder).ok().and_then(|about| about.reference);
        named.and_then(|name| levator_catalog::references::built_in(&name))
    }

    fn about(&self) -> About {
        About::new(self.analysis.told.clone(), self.reference())
    }

    /// Its report.
    fn paper(
        &self,
        about: &About,
        assessment: &Assessment,
        reader: Reader,
        words: &Words,
    ) -> Result<Document, Failure> {
        let reference = self.reference();
        let asked = reference.as_ref().map(Reference::id);
        report::of_visit(&self.analysis, about, assessment, asked, reader, words)
    }

    pub(super) fn assessment(&self) -> Assessment {
        assess::judge(&self.analysis, &self.about(), &[]).0
    }

    fn load(&self) -> Option<Load> {
        self.analysis.config.course.as_ref().map(|course| course.programme.load())
    }
}

impl Front {
    /// All visits, the newest first.
    pub(super) fn all_kept(&self) -> Result<Vec<Kept>, Failure> {
        let mut all = Vec::new();
        // Without a home folder nothing was kept in one.
        if let Ok(store) = self.common.data.store() {
            for entry in store.find(&Query::default()).map_err(data::failure)? {
                let folder = store.folder(&entry.person, &entry.visit);
                all.push(Kept {
                    id: format!("{}/{}", entry.person, entry.visit),
                    told: entry.to_value(),
                    person: Some(entry.person.to_string()),
                    opened_unix_ms: entry.opened_unix_ms,
                    is_closed: entry.progress != Progress::Recording,
                    folder,
                });
            }
        }
        if let Some(base) = &self.common.out {
            all.extend(in_folder(base));
        }
        // Names begin with the date on which a visit was begun, or taken in: a file may not say its own.
        all.sort_by(|one, other| {
            let key = |one: &Kept| (one.opened_unix_ms, one.id.clone());
            key(other).cmp(&key(one))
        });
        Ok(all)
    }

    pub(super) fn visits(&self) -> Result<Value, Failure> {
        let all = self.all_kept()?;
        let list = all.iter().map(|one| {
            let mut told = one.told.clone();
            told["id"] = one.id.clone().into();
            told["person"] = one.person.clone().into();
            told
        });
        Ok(json!({ "visits": list.collect::<Vec<_>>() }))
    }

    /// The visit that a question names: one that is listed, and nothing else.
    pub(super) fn named(&self, question: &Value) -> Result<Kept, Failure> {
        let id = text_of(question, "visit").unwrap_or_default();
        let found = self.all_kept()?.into_iter().find(|one| one.id == id);
        found.ok_or_else(|| {
            let error = anyhow!("there is no visit {id:?} any more; look at the list again");
            Failure::new(Code::Usage, error)
        })
    }

    /// How pages name the visit in a folder, if there is one.
    pub(super) fn id_of(&self, folder: &Path) -> Option<String> {
        self.all_kept().ok()?.into_iter().find(|one| one.folder == folder).map(|one| one.id)
    }

    /// A visit with what was found in it; the last one is remembered.
    pub(super) fn seen(&self, kept: Kept) -> Result<Seen, Failure> {
        let Kept { id, folder, is_closed, .. } = kept;
        let known = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, analysis)) = known.filter(|(known, _)| *known == id) {
            return Ok(Seen { id, folder, analysis });
        }
        let setup = Setup { keeps_trace: true, ..Setup::default() };
        let analysis = analysis::analyse(&folder, &TextOptions::default(), &setup)?;
        let analysis = Arc::new(analysis);
        // One that is still being recorded grows.
        let new = is_closed.then(|| (id.clone(), Arc::clone(&analysis)));
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(Seen { id, folder, analysis })
    }

    /// The visit by which it is decided what is open to somebody: the newest in which something was asked
    /// for. A visit of strengthening that shows too little by itself, and closes nothing, leaves that to the
    /// one before it. None for somebody without a code: of the visits that are kept without one, nobody knows
    /// whose they are.
    pub(super) fn before(&self, person: Option<&str>) -> Result<Option<Seen>, Failure> {
        let Some(person) = person else { return Ok(None) };
        let all = self.all_kept()?.into_iter();
        for kept in all.filter(|one| one.is_closed && one.person.as_deref() == Some(person)) {
            // One that cannot be read may show what closes strengthening: nothing older outweighs it.
            let Ok(seen) = self.seen(kept) else { return Ok(None) };
            match seen.load() {
                None => {}
                Some(Load::Strengthening) if seen.assessment().is_too_little() => {}
                Some(_) => return Ok(Some(seen)),
            }
        }
        Ok(None)
    }

    /// What came of a visit, in the words of the report.
    pub(super) fn answer(&self, question: &Value, words: &Words) -> Result<Value, Failure> {
        let seen = self.seen(self.named(question)?)?;
        let about = seen.about();
        let (assessment, notes) = assess::judge(&seen.analysis, &about, &[]);
        let document = seen.paper(&about, &assessment, Reader::Person, words)?;
        let mut told = json!({
            "visit": seen.id,
            "asked": seen.load().is_some(),
            "programme": seen.analysis.config.course.as_ref()
                .map(|course| course.programme.definition().id.clone()),
            "subtitle": document.subtitle,
            "screening": document.screening,
            "notes": notes.iter().map(|note| words.said(note)).collect::<Vec<_>>(),
            "gate": assessment.gate.name(),
            "reasons": assessment.gate_reasons.iter().map(|one| words.said(&one.text()))
                .collect::<Vec<_>>(),
            "why": explain(&assessment).iter().map(|line| explained(line, words))
                .collect::<Vec<_>>(),
            "offers": assessment.offers.iter().map(|offer| json!({
                "programme": offer.programme,
                "opening": offer.opening.name(),
                "rank": offer.rank,
                "why": words.said(&offer.why),
            })).collect::<Vec<_>>(),
        });
        for block in document.pages.iter().flatten() {
            match block {
                Block::Verdict { text, training, more, gate } => {
                    told["verdict"] = json!({
                        "text": text, "training": training, "more": more, "gate": gate.name(),
                    });
                }
                Block::Cards(cards) => {
                    told["cards"] = cards
                        .iter()
                        .map(|card| {
                            json!({
                                "name": card.name,
                                "value": card.value,
                                "meaning": card.meaning,
                                "sure": card.sure,
                            })
                        })
                        .collect();
                }
                Block::List(steps) => told["next"] = json!(steps),
                Block::Paragraph(text) if told["sure"].is_null() => {
                    told["sure"] = text.as_str().into();
                }
                _ => {}
            }
        }
        Ok(told)
    }

    /// A report, at an address of its own.
    pub(super) fn report(&self, question: &Value, words: &Words) -> Result<Reply, Failure> {
        let seen = self.seen(self.named(question)?)?;
        let reader = match text_of(question, "for") {
            Some("referrer") => Reader::Referrer,
            _ => Reader::Person,
        };
        let about = seen.about();
        let (assessment, _) = assess::judge(&seen.analysis, &about, &[]);
        let document = seen.paper(&about, &assessment, reader, words)?;
        let told = json!({ "for": reader.name(), "title": document.title });
        Ok(Reply { told, paper: Some(html::render(&document)) })
    }

    /// What has become of somebody over their visits.
    pub(super) fn progress(&self, question: &Value, words: &Words) -> Result<Reply, Failure> {
        let person = text_of(question, "person").ok_or_else(|| {
            let error =
                anyhow!("whose progress? Of visits without a code nobody knows whose they are");
            Failure::new(Code::Usage, error)
        })?;
        let all = self.all_kept()?.into_iter();
        let of = all.filter(|one| one.is_closed && one.person.as_deref() == Some(person));
        let files: Vec<PathBuf> = of.map(|one| one.folder).collect();
        if files.is_empty() {
            return Ok(json!({ "visits": 0, "series": [] }).into());
        }
        let (document, series, unread) = progress::of_visits(&files, words)?;
        let told = json!({
            "visits": files.len(), "unread": unread, "series": series, "title": document.title,
        });
        Ok(Reply { told, paper: Some(html::render(&document)) })
    }
}

/// A line of the explanation, which may begin with spaces.
fn explained(line: &str, words: &Words) -> Value {
    let text = line.trim_start();
    json!({ "text": words.said(text), "deep": text.len() < line.len() })
}

/// Visits in a folder, each in a folder of its own.
fn in_folder(base: &Path) -> Vec<Kept> {
    let entries = std::fs::read_dir(base).into_iter().flatten().filter_map(Result::ok);
    let folders = entries.filter(|one| one.file_type().is_ok_and(|kind| kind.is_dir()));
    folders
        .filter_map(|entry| {
            let (folder, name) = (entry.path(), entry.file_name().into_string().ok()?);
            folder.join(ABOUT).is_file().then_some((folder, name))
        })
        .map(|(folder, name)| {
            let about = Description::read(&folder);
            let id = format!("{HERE}/{name}");
            match about.attempt(Code::File, &name) {
                Ok(about) => {
                    let course = about.header.config.course.as_ref();
                    let told = json!({
                        "progress": about.state.name(),
                        "opened_unix_ms": about.header.opened_unix_ms,
                        "device": about.header.device,
                        "programme": course.map(|one| one.programme.definition().id.clone()),
                        "position": about.position,
                        "site": about.site,
                        "notes": about.notes,
                        "code": about.person,
                    });
                    let is_closed = about.state != State::Recording;
                    let opened_unix_ms = Some(about.header.opened_unix_ms);
                    Kept { id, folder, told, person: None, opened_unix_ms, is_closed }
                }
                Err(failure) => Kept {
                    id,
                    folder,
                    told: json!({ "progress": "unreadable", "trouble": failure.to_string() }),
                    person: None,
                    opened_unix_ms: None,
                    is_closed: false,
                },
            }
        })
        .collect()
}
