//! `levator check`: is the signal fit to measure with?

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::anyhow;
use levator_device::{Connector, SerialConnector};
use levator_engine::EngineConfig;
use levator_live::{ChannelView, LiveConfig, Session, Snapshot, StartError};
use levator_signal::preset::Mains;
use levator_signal::quality::Severity;
use levator_signal::{SignalKind, Verdict};
use serde_json::{Value, json};

use crate::args::Check;
use crate::doctor::{self, Gauge, Measured, Rates, Trouble};
use crate::failure::{Attempt, Code, Failure};
use crate::stop::Stop;
use crate::{analysis, foreign, json as output, view, visit};

/// Between two looks at the newest state.
const LOOK: Duration = Duration::from_millis(100);

pub(crate) fn run(args: &Check) -> Result<ExitCode, Failure> {
    let mut config = EngineConfig::device();
    analysis::apply(&args.filter, &mut config);
    args.link.device.apply(&mut config);
    let link = &args.link;
    let settings = foreign::settings(link);
    check(SerialConnector::new(settings), config, args, &Stop::listen()?)
}

fn check(
    connector: impl Connector + 'static,
    config: EngineConfig,
    args: &Check,
    stop: &Stop,
) -> Result<ExitCode, Failure> {
    let mains_hz = config.mains.map_or(50.0, Mains::hz);
    let config = LiveConfig { seconds: Some(args.seconds), ..LiveConfig::new(config) };
    let mut troubles = doctor::before(&args.link.port);
    let session = match Session::start(connector, config, Gauge::new(mains_hz)) {
        Ok(session) => session,
        Err(StartError::Port(error)) => {
            // Whoever holds it is named there.
            troubles.retain(|trouble| trouble.name != "shared");
            return fail(args, troubles, doctor::of_port(&error), Code::Port);
        }
        Err(error) => return Err(visit::start_failure(error)),
    };
    let mut told: Vec<String> = Vec::new();
    let mut rates = Rates::default();
    while !session.is_over() {
        std::thread::sleep(LOOK);
        let snapshot = session.latest();
        rates.look(&snapshot);
        let lines: Vec<String> = judged(&snapshot).map(line).collect();
        if lines != told {
            for line in lines.iter().filter(|line| !told.contains(line)) {
                writeln!(stderr(), "{line}")?;
            }
            told = lines;
        }
        if is_clean(&snapshot) || view::is_enough(&snapshot, stop, args.link.patience) {
            session.stop();
        }
    }
    let (summary, gauge) = session.wait().attempt(Code::Other, &args.link.port)?;
    let last = &summary.last;
    if visit::misunderstanding(last, &args.link.port).is_some() {
        return fail(args, troubles, doctor::of_silence(last, &args.link), Code::Device);
    }
    for channel in &last.channels {
        // A wrong rate that is measured with all the same is told, and no reason to refuse.
        let rate = rates.trouble(channel, &name(channel));
        let any_rate = args.link.any_rate;
        troubles.extend(rate.map(|one| Trouble { is_note: one.is_note || any_rate, ..one }));
        if channel.kind == SignalKind::Emg {
            let unit = channel.unit.symbol();
            troubles.extend(gauge.of(channel.channel).coarse(&name(channel), unit));
        }
    }
    let worst = troubles.iter().find(|trouble| !trouble.is_note);
    let mut out = stdout().lock();
    if args.json {
        let channels: Vec<Value> =
            judged(last).map(|one| entry(one, &gauge.of(one.channel), &rates)).collect();
        document(&mut out, is_clean(last) && worst.is_none(), &channels, &troubles)?;
    } else {
        for channel in judged(last) {
            tell(&mut out, channel)?;
            let measured = gauge.of(channel.channel).words(channel.unit.symbol());
            writeln!(out, "    {measured}")?;
        }
        tell_troubles(&mut out, &troubles)?;
        writeln!(out, "{}", view::losses(last))?;
    }
    if let (true, Some(trouble)) = (is_clean(last), worst) {
        return Err(Failure::new(Code::Signal, anyhow!("{}; {}", trouble.what, trouble.remedy)));
    }
    if is_clean(last) {
        return Ok(ExitCode::SUCCESS);
    }
    let why = if judged(last).next().is_some() {
        "the signal was not clean for 5 s on all channels; what to do stands above"
    } else {
        "no channel of this device can be judged"
    };
    Err(Failure::new(Code::Signal, anyhow!("{why}")))
}

/// Ends with a trouble that leaves nothing to be measured.
fn fail(
    args: &Check,
    mut troubles: Vec<Trouble>,
    last: Trouble,
    code: Code,
) -> Result<ExitCode, Failure> {
    let mut out = stdout().lock();
    let error = anyhow!("{}; {}", last.what, last.remedy);
    if args.json {
        troubles.push(last);
        document(&mut out, false, &[], &troubles)?;
    } else {
        tell_troubles(&mut out, &troubles)?;
    }
    Err(Failure::new(code, error))
}

fn document(
    out: &mut impl Write,
    is_clean: bool,
    channels: &[Value],
    troubles: &[Trouble],
) -> std::io::Result<()> {
    let problems: Vec<Value> = troubles.iter().map(Trouble::json).collect();
    let document = json!({ "clean": is_clean, "channels": channels, "problems": problems });
    crate::json::print(out, &document)
}

fn tell_troubles(out: &mut impl Write, troubles: &[Trouble]) -> std::io::Result<()> {
    for trouble in troubles {
        writeln!(out, "{}: {}", trouble.name, trouble.what)?;
        writeln!(out, "    {}", trouble.remedy)?;
    }
    Ok(())
}

/// The channels that are searched for contractions: what else a device sends is not judged.
fn judged(snapshot: &Snapshot) -> impl Iterator<Item = &ChannelView> {
    snapshot.channels.iter().filter(|channel| channel.passed.is_none())
}

fn is_clean(snapshot: &Snapshot) -> bool {
    judged(snapshot).next().is_some()
        && judged(snapshot).all(|channel| channel.check.verdict() == Verdict::Pass)
}

fn name(channel: &ChannelView) -> String {
    let of = match channel.label.as_str() {
        "" => channel.kind.name(),
        label => label,
    };
    format!("{of}, channel {}.{}", channel.channel.stream, channel.channel.channel)
}

/// What is true of a channel now, without figures that change all the time.
fn line(channel: &ChannelView) -> String {
    let name = name(channel);
    match channel.check.verdict() {
        Verdict::Listening { remaining_s } => format!("{name}: clean, {remaining_s:.0} s to go"),
        Verdict::Pass => format!("{name}: clean for 5 s"),
        Verdict::Faulty => {
            format!("{name}: {}", view::advice(channel).unwrap_or_default())
        }
    }
}

fn tell(out: &mut impl Write, channel: &ChannelView) -> std::io::Result<()> {
    let verdict = match channel.check.verdict() {
        Verdict::Pass => "clean",
        Verdict::Listening { .. } => "not clean for long enough",
        Verdict::Faulty => "not fit to measure with",
    };
    writeln!(out, "{}: {verdict}", name(channel))?;
    for (finding, is_open) in channel.check.findings() {
        let fault = finding.fault;
        let state = if is_open { "now" } else { "was there" };
        writeln!(out, "    {} ({state}): {}", fault.name(), fault.reason())?;
        if fault.severity() > Severity::Note {
            writeln!(out, "      {}", fault.remedy())?;
        }
    }
    Ok(())
}

fn entry(channel: &ChannelView, measured: &Measured, rates: &Rates) -> Value {
    let findings = channel.check.findings().map(|(finding, is_open)| {
        let mut entry = output::finding(finding, channel.rate);
        entry["now"] = is_open.into();
        entry
    });
    json!({
        "channel": channel.label.as_str(),
        "stream": channel.channel.stream,
        "channel_index": channel.channel.channel,
        "kind": channel.kind.name(),
        "unit": channel.unit.symbol(),
        "nominal_rate_hz": channel.rate.hz(),
        "rate_hz": rates.of(channel.channel).map(|(rate, _)| rate),
        "measured": measured.json(),
        "verdict": match channel.check.verdict() {
            Verdict::Pass => "clean",
            Verdict::Listening { .. } => "listening",
            Verdict::Faulty => "faulty",
        },
        "findings": findings.collect::<Vec<_>>(),
    })
}
