//! `levator programmes` and `levator check-programme`: what a person can be asked to do.

use std::io::{Write, stdout};
use std::process::ExitCode;

use levator_catalog::cues;
use levator_catalog::programmes::{self, Origin};
use levator_programme::{Evidence, Phase, Programme, Target};
use serde_json::{Value, json};

use crate::args::{CheckProgramme, Programmes};
use crate::failure::{Code, Failure};
use crate::json::VERSION;

pub(crate) fn run(args: &Programmes) -> Result<ExitCode, Failure> {
    let mut out = stdout().lock();
    if let Some(programme) = &args.programme {
        if args.toml {
            write!(out, "{}", programmes::to_toml(programme.definition()))?;
        } else if args.json {
            document(&mut out, &entry(programme, true))?;
        } else {
            show(&mut out, programme)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let all = programmes::BUILT_IN.iter().filter_map(|(name, _)| programmes::built_in(name));
    if args.json {
        let list: Vec<Value> = all.map(|programme| entry(&programme, false)).collect();
        let list = json!({ "tool": "levator", "version": VERSION, "programmes": list });
        document(&mut out, &list)?;
        return Ok(ExitCode::SUCCESS);
    }
    for programme in all {
        let definition = programme.definition();
        writeln!(
            out,
            "{:<24} {:>7}  {:<13}  {}",
            definition.id,
            length(&programme),
            definition.load.name(),
            definition.name
        )?;
    }
    writeln!(out)?;
    writeln!(
        out,
        "one of them, step by step: levator programmes NAME; as a file to change: --toml"
    )?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn check(args: &CheckProgramme) -> Result<ExitCode, Failure> {
    let programme =
        programmes::read(&args.file).map_err(|error| Failure::new(Code::File, error))?;
    show(&mut stdout().lock(), &programme)?;
    Ok(ExitCode::SUCCESS)
}

fn document(out: &mut impl Write, value: &Value) -> Result<(), Failure> {
    crate::json::print(out, value)?;
    Ok(())
}

fn length(programme: &Programme) -> String {
    let seconds = programme.length().0 / 1000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

fn origin(programme: &Programme) -> String {
    match programmes::origin(programme) {
        Origin::BuiltIn(name) => format!("built in as {name}"),
        Origin::Modified(name) => {
            format!("modified: {name} that is built in asks for something else")
        }
        Origin::Own => "own".to_owned(),
    }
}

fn show(out: &mut impl Write, programme: &Programme) -> Result<(), Failure> {
    let definition = programme.definition();
    writeln!(out, "{} ({}), version {}", definition.name, definition.id, definition.version)?;
    writeln!(
        out,
        "    {} long, {} steps, load: {}, {}, stamp {}",
        length(programme),
        programme.steps().len(),
        definition.load.name(),
        origin(programme),
        programme.stamp().short()
    )?;
    let source = &definition.source;
    writeln!(out, "    source: {}", source.citation)?;
    if let Some(remark) = programme.evidence().remark() {
        writeln!(out, "    {remark}")?;
    }
    if !source.note.is_empty() {
        writeln!(out, "    {}", source.note)?;
    }
    for (index, phase) in definition.phases.iter().enumerate() {
        writeln!(out, "  {:>2}  {:<14} {}", index + 1, phase.id, times(phase))?;
        let said = phase.say.as_deref().or_else(|| cues::english(&phase.cue));
        writeln!(out, "      {}", said.unwrap_or(&phase.cue))?;
        for (name, target) in [("aim", &phase.target), ("aim at rest", &phase.rest_target)] {
            if let Some(target) = target {
                writeln!(out, "      {name}: {}", aim(target))?;
            }
        }
        if let Some(source) = &phase.source {
            let remark = source.evidence.remark().map(|text| format!("; {text}"));
            writeln!(out, "      {}{}", source.citation, remark.unwrap_or_default())?;
        }
    }
    for repeat in &definition.repeats {
        writeln!(
            out,
            "  phases {} to {} are gone through {} times",
            repeat.first + 1,
            repeat.last + 1,
            repeat.times
        )?;
    }
    Ok(())
}

fn times(phase: &Phase) -> String {
    let seconds = |millis: u64| format!("{} s", millis as f64 / 1e3);
    let work = seconds(phase.duration.0);
    let rest = match phase.rest.0 {
        0 => String::new(),
        rest => format!(", rest {}", seconds(rest)),
    };
    let position = phase.position.map(|one| format!(", {}", one.name())).unwrap_or_default();
    match phase.repetitions {
        1 => format!("{work}{rest}{position}"),
        times => format!("{times} x {work}{rest}{position}"),
    }
}

fn aim(target: &Target) -> String {
    let scale = if target.unit.is_ratio() { 100.0 } else { 1.0 };
    let unit = target.unit.name();
    match (target.lower, target.upper) {
        (Some(low), Some(high)) => format!("{} to {} {unit}", low * scale, high * scale),
        (Some(low), None) => format!("at least {} {unit}", low * scale),
        (None, Some(high)) => format!("at most {} {unit}", high * scale),
        (None, None) => unit.to_owned(),
    }
}

fn entry(programme: &Programme, with_phases: bool) -> Value {
    let definition = programme.definition();
    let evidence = programme.evidence();
    let mut entry = json!({
        "id": definition.id,
        "name": definition.name,
        "version": definition.version,
        "load": definition.load.name(),
        "length_s": programme.length().as_secs_f64(),
        "step_count": programme.steps().len(),
        "stamp": programme.stamp().to_string(),
        "origin": origin(programme),
        "citation": definition.source.citation,
        "evidence": evidence.name(),
        "remark": Evidence::remark(evidence),
        "next": definition.next,
    });
    if with_phases {
        let phases = definition.phases.iter().map(|phase| {
            json!({
                "id": phase.id,
                "kind": phase.kind.name(),
                "duration_s": phase.duration.as_secs_f64(),
                "rest_s": phase.rest.as_secs_f64(),
                "repetitions": phase.repetitions,
            })
        });
        entry["phases"] = phases.collect();
    }
    entry
}
