//! `levator devices`

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use levator_device::{PortInfo, PortKind, ports};
use serde_json::{Value, json};

use crate::args::Devices;
use crate::failure::Failure;
use crate::json::VERSION;

pub(crate) fn run(args: &Devices) -> Result<ExitCode, Failure> {
    let ports = ports();
    let mut out = stdout().lock();
    if args.json {
        let list: Vec<Value> = ports.iter().map(entry).collect();
        let document = json!({ "tool": "levator", "version": VERSION, "ports": list });
        serde_json::to_writer_pretty(&mut out, &document).map_err(std::io::Error::from)?;
        writeln!(out)?;
        return Ok(ExitCode::SUCCESS);
    }
    if ports.is_empty() {
        writeln!(
            stderr(),
            "no serial port found; plug the probe in, or try without one: levator demo"
        )?;
    }
    for port in &ports {
        writeln!(out, "{}  {}", port.name, words(port))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn entry(port: &PortInfo) -> Value {
    let PortKind::Usb(usb) = &port.kind else {
        return json!({ "port": port.name, "kind": kind(port), "hint": null });
    };
    json!({
        "port": port.name,
        "kind": kind(port),
        "vendor_id": format!("{:04x}", usb.vendor_id),
        "product_id": format!("{:04x}", usb.product_id),
        "serial_number": usb.serial_number,
        "manufacturer": usb.manufacturer,
        "product": usb.product,
        "hint": port.hint(),
    })
}

fn kind(port: &PortInfo) -> &'static str {
    match port.kind {
        PortKind::Usb(_) => "usb",
        PortKind::Bluetooth => "bluetooth",
        PortKind::Pci => "built-in",
        PortKind::Other => "other",
    }
}

fn words(port: &PortInfo) -> String {
    let PortKind::Usb(usb) = &port.kind else { return kind(port).to_owned() };
    let named = [usb.manufacturer.as_deref(), usb.product.as_deref()];
    let mut text = named.into_iter().flatten().collect::<Vec<_>>().join(" ");
    text += &format!(" [{:04x}:{:04x}]", usb.vendor_id, usb.product_id);
    if let Some(hint) = port.hint() {
        text += &format!(", perhaps {hint}");
    }
    text.trim().to_owned()
}
