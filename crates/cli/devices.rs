//! `levator devices`

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Args;
use levator_decode::foreign::Guess;
use levator_device::{DtrPolicy, PortInfo, PortKind, PortSettings, SerialPort, ports};
use levator_live::identify::{Found, identify};
use serde_json::{Value, json};

use crate::doctor;
use crate::failure::{Attempt, Code, Failure};
use crate::json::VERSION;

#[derive(Debug, Args)]
pub(crate) struct Devices {
    /// Finds out what is on this port: listens for up to 3 s, and asks if nothing came. A device that is
    /// asked may stop what it was doing; nothing that is sent moves an actuator.
    #[arg(long, short, value_name = "PORT")]
    pub(crate) port: Option<String>,
    /// Listens on every USB port, or with --port on that one, and sends nothing. Boards of the Arduino UNO
    /// and ESP32 families restart when their port is opened.
    #[arg(long)]
    pub(crate) listen: bool,
    /// Prints JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A port, and what was found on it, where it was looked at.
struct Seen {
    port: PortInfo,
    found: Option<Result<Found, String>>,
}

pub(crate) fn run(args: &Devices) -> Result<ExitCode, Failure> {
    let listed = ports();
    let seen: Vec<Seen> = match &args.port {
        Some(name) => {
            let known = listed.into_iter().find(|port| port.name == *name);
            let port =
                known.unwrap_or_else(|| PortInfo { name: name.clone(), kind: PortKind::Other });
            let settings = settings(name, args.listen);
            let mut open = SerialPort::open(&settings).map_err(|error| {
                let trouble = doctor::of_port(&error);
                Failure::new(Code::Port, anyhow!("{}; {}", trouble.what, trouble.remedy))
            })?;
            let found = identify(&mut open, settings.baud, doctor::known(), !args.listen)
                .attempt(Code::Device, name)?;
            vec![Seen { port, found: Some(Ok(found)) }]
        }
        None => {
            let look = |port: PortInfo| {
                let is_usb = matches!(port.kind, PortKind::Usb(_));
                let found = (args.listen && is_usb).then(|| listen(&port.name));
                Seen { port, found }
            };
            listed.into_iter().map(look).collect()
        }
    };
    let seen: Vec<Seen> = seen.into_iter().map(ranked).collect();
    let mut out = stdout().lock();
    if args.json {
        let list: Vec<Value> = seen.iter().map(entry).collect();
        let document = json!({ "tool": "levator", "version": VERSION, "ports": list });
        crate::json::print(&mut out, &document)?;
        return Ok(ExitCode::SUCCESS);
    }
    if seen.is_empty() {
        writeln!(
            stderr(),
            "no serial port found; plug the probe in, or try without one: levator demo"
        )?;
    }
    for one in &seen {
        writeln!(out, "{}  {}", one.port.name, words(&one.port))?;
        tell(&mut out, one)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Among equally sure guesses, those come first that often have this USB identity.
fn ranked(mut seen: Seen) -> Seen {
    let ranks = seen.port.ranks();
    if let Some(Ok(found)) = &mut seen.found {
        found.guesses.sort_by_key(|guess| {
            let rank = ranks.iter().position(|name| *name == guess.id).unwrap_or(ranks.len());
            (std::cmp::Reverse(guess.certainty), rank)
        });
    }
    seen
}

/// Who only listens leaves the control lines alone.
fn settings(name: &str, is_listening: bool) -> PortSettings {
    let dtr = if is_listening { DtrPolicy::Leave } else { DtrPolicy::Raise };
    PortSettings { dtr, ..PortSettings::new(name) }
}

fn listen(name: &str) -> Result<Found, String> {
    let settings = settings(name, true);
    let mut port = SerialPort::open(&settings).map_err(|error| error.to_string())?;
    let known = doctor::known();
    identify(&mut port, settings.baud, known, false).map_err(|error| error.to_string())
}

fn tell(out: &mut impl Write, seen: &Seen) -> std::io::Result<()> {
    let name = &seen.port.name;
    match &seen.found {
        None => Ok(()),
        Some(Err(error)) => writeln!(out, "    {error}"),
        Some(Ok(found)) if found.guesses.is_empty() => {
            let heard = match found.byte_count {
                0 => "it says nothing".to_owned(),
                bytes => format!("{bytes} bytes came that fit nothing that is known"),
            };
            let asked = if found.asked.is_empty() {
                String::new()
            } else {
                format!("; asked and not answered: {}", found.asked.join(", "))
            };
            writeln!(out, "    {heard}{asked}")
        }
        Some(Ok(found)) => {
            for guess in &found.guesses {
                let certainty = guess.certainty.name();
                writeln!(out, "    {} ({certainty}): {}", guess.id, guess.why)?;
            }
            let best = &found.guesses[0];
            writeln!(
                out,
                "    try: levator live --port {name} --device {}{}",
                best.id,
                baud(found, best)
            )
        }
    }
}

/// The option for a speed that is not that of the description.
fn baud(found: &Found, best: &Guess) -> String {
    let usual = levator_catalog::devices::built_in(&best.id).map_or(115_200, |device| device.baud);
    // These two are one speed for boards whose clock cannot make it better.
    let is_near = found.baud.abs_diff(usual) * 25 <= usual;
    if is_near { String::new() } else { format!(" --baud {}", found.baud) }
}

fn entry(seen: &Seen) -> Value {
    let port = &seen.port;
    let mut entry = match &port.kind {
        PortKind::Usb(usb) => json!({
            "port": port.name,
            "kind": kind(port),
            "vendor_id": format!("{:04x}", usb.vendor_id),
            "product_id": format!("{:04x}", usb.product_id),
            "serial_number": usb.serial_number,
            "manufacturer": usb.manufacturer,
            "product": usb.product,
            "hint": port.hint(),
            "often": port.ranks(),
        }),
        _ => json!({ "port": port.name, "kind": kind(port), "hint": null }),
    };
    match &seen.found {
        None => {}
        Some(Err(error)) => entry["error"] = error.as_str().into(),
        Some(Ok(found)) => {
            let guess = |guess: &Guess| {
                json!({
                    "device": guess.id,
                    "certainty": guess.certainty.name(),
                    "rate_hz": guess.rate_hz,
                    "why": guess.why,
                })
            };
            entry["recognised"] = found.guesses.iter().map(guess).collect();
            entry["baud"] = found.baud.into();
            entry["byte_count"] = found.byte_count.into();
            entry["asked"] = json!(found.asked);
        }
    }
    entry
}

fn kind(port: &PortInfo) -> &'static str {
    match port.kind {
        PortKind::Usb(_) => "usb",
        PortKind::Bluetooth => "bluetooth",
        PortKind::Pci => "built-in",
        PortKind::Other => "other",
    }
}

pub(crate) fn words(port: &PortInfo) -> String {
    let usb = match &port.kind {
        PortKind::Usb(usb) => usb,
        PortKind::Other => return "not on USB".to_owned(),
        PortKind::Bluetooth | PortKind::Pci => return kind(port).to_owned(),
    };
    let named = [usb.manufacturer.as_deref(), usb.product.as_deref()];
    let mut text = named.into_iter().flatten().collect::<Vec<_>>().join(" ");
    text += &format!(" [{:04x}:{:04x}]", usb.vendor_id, usb.product_id);
    if let Some(hint) = port.hint() {
        text += &format!(", perhaps {hint}");
    }
    text.trim().to_owned()
}
