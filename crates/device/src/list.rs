//! Which ports there are.

use std::path::Path;

use serialport::SerialPortType;

use crate::hint::{hint, ranks};

/// A port that exists. Whether it is free is known only by opening it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PortInfo {
    /// Name to open it by.
    pub name: String,
    /// How it is attached.
    pub kind: PortKind,
}

/// How a port is attached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PortKind {
    /// By USB.
    Usb(UsbInfo),
    /// By Bluetooth. Opening one to look costs seconds.
    Bluetooth,
    /// By a card inside the computer.
    Pci,
    /// The system does not say.
    Other,
}

/// What a USB device says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UsbInfo {
    /// Number of the vendor.
    pub vendor_id: u16,
    /// Number of the product.
    pub product_id: u16,
    /// Tells two devices of one kind apart; cheap bridge chips have none, or all the same.
    pub serial_number: Option<String>,
    /// Name of the maker.
    pub manufacturer: Option<String>,
    /// Name of the product.
    pub product: Option<String>,
}

impl PortInfo {
    /// What usually has this USB identity. A guess: a bridge chip says nothing of the device behind.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match &self.kind {
            PortKind::Usb(usb) => hint(usb.vendor_id, usb.product_id),
            PortKind::Bluetooth | PortKind::Pci | PortKind::Other => None,
        }
    }

    /// Names of descriptions of devices that often have this USB identity, the most frequent first.
    #[must_use]
    pub fn ranks(&self) -> &'static [&'static str] {
        match &self.kind {
            PortKind::Usb(usb) => ranks(usb.vendor_id, usb.product_id),
            PortKind::Bluetooth | PortKind::Pci | PortKind::Other => &[],
        }
    }
}

/// Lists the ports that exist: USB first, then by name, with numbers in their order. Opens none.
///
/// On macOS only the `cu.` form of each port is listed: the `tty.` form waits for a modem's carrier.
/// On Linux, ports without a chip behind them are left out. Pseudo-terminals are never listed. Empty
/// where the system gives no list.
#[must_use]
pub fn ports() -> Vec<PortInfo> {
    // The library panics on a Linux without this folder, as inside some containers.
    if cfg!(target_os = "linux") && !Path::new(SYSTEM_PORTS).is_dir() {
        return Vec::new();
    }
    let mut ports: Vec<PortInfo> = serialport::available_ports()
        .unwrap_or_default()
        .into_iter()
        .filter(|port| is_openable(&port.port_name))
        .filter(|port| !is_phantom(Path::new(SYSTEM_PORTS), &port.port_name))
        .map(|port| PortInfo { name: port.port_name, kind: kind(port.port_type) })
        .collect();
    sort(&mut ports);
    ports
}

const SYSTEM_PORTS: &str = "/sys/class/tty";

/// Whether to keep a name: all but the second form that macOS lists of every port.
fn is_openable(name: &str) -> bool {
    !name.starts_with("/dev/tty.")
}

/// Whether Linux made a port without finding a chip for it: their type reads zero.
fn is_phantom(system_ports: &Path, name: &str) -> bool {
    name.strip_prefix("/dev/").is_some_and(|device| {
        std::fs::read_to_string(system_ports.join(device).join("type"))
            .is_ok_and(|kind| kind.trim() == "0")
    })
}

fn kind(kind: SerialPortType) -> PortKind {
    match kind {
        SerialPortType::UsbPort(usb) => PortKind::Usb(UsbInfo {
            vendor_id: usb.vid,
            product_id: usb.pid,
            serial_number: usb.serial_number,
            manufacturer: usb.manufacturer,
            product: usb.product,
        }),
        SerialPortType::BluetoothPort => PortKind::Bluetooth,
        SerialPortType::PciPort => PortKind::Pci,
        SerialPortType::Unknown => PortKind::Other,
    }
}

fn sort(ports: &mut [PortInfo]) {
    ports.sort_by_cached_key(|port| {
        let stem = port.name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
        let number: u64 = port.name[stem.len()..].parse().unwrap_or(0);
        (!matches!(port.kind, PortKind::Usb(_)), stem, number, port.name.clone())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(name: &str, kind: PortKind) -> PortInfo {
        PortInfo { name: name.to_owned(), kind }
    }

    #[test]
    fn usb_comes_first_and_numbers_are_in_their_order() {
        let usb = || PortKind::Usb(UsbInfo::default());
        let mut ports = [
            port("/dev/ttyS0", PortKind::Pci),
            port("/dev/ttyUSB10", usb()),
            port("/dev/ttyUSB2", usb()),
            port("/dev/ttyACM0", usb()),
        ];
        sort(&mut ports);
        assert_eq!(
            ports.map(|port| port.name),
            ["/dev/ttyACM0", "/dev/ttyUSB2", "/dev/ttyUSB10", "/dev/ttyS0"]
        );
    }

    #[test]
    fn the_form_that_waits_for_a_carrier_is_left_out() {
        assert!(is_openable("/dev/cu.usbmodem1101"));
        assert!(!is_openable("/dev/tty.usbmodem1101"));
        assert!(is_openable("/dev/ttyACM0"));
        assert!(is_openable("COM3"));
    }

    #[test]
    fn a_port_is_a_phantom_only_if_the_system_says_so() {
        assert!(!is_phantom(Path::new("/no/such/folder"), "/dev/ttyS0"));
        assert!(!is_phantom(Path::new("/no/such/folder"), "COM3"));
    }

    #[test]
    fn listing_never_fails_and_lists_no_phantom() {
        for port in ports() {
            assert!(!is_phantom(Path::new(SYSTEM_PORTS), &port.name), "{}", port.name);
        }
    }

    #[test]
    fn only_usb_ports_have_a_hint() {
        let uno = UsbInfo { vendor_id: 0x2341, product_id: 0x0043, ..UsbInfo::default() };
        assert_eq!(port("COM3", PortKind::Usb(uno)).hint(), Some("Arduino UNO R3"));
        assert_eq!(port("COM1", PortKind::Pci).hint(), None);
    }
}
