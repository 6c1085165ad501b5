//! Opening a port, and finding the same device again.

use std::path::Path;

use crate::{OpenError, Port, PortInfo, PortKind, PortSettings, SerialPort, UsbInfo, ports};

/// Opens the port of a device, as often as it takes. Called again after a cable was pulled.
pub trait Connector: Send {
    /// Tries once and returns quickly; the caller waits between attempts.
    ///
    /// # Errors
    ///
    /// [`OpenError`], which says whether waiting can help.
    fn connect(&mut self) -> Result<Box<dyn Port>, OpenError>;
}

/// Opens a serial port by its name the first time, and after that the same device by its USB
/// identity, whatever name the system gives it.
///
/// After a pulled cable:
///
/// 1. If the name that was asked for stands for the same device again, it is that one.
/// 2. Else it is the port with the same vendor, product and serial number, or, for a device without a
///    serial number, the only port with the same vendor and product.
/// 3. A name that now stands for another USB device is left alone.
/// 4. Where no USB identity was seen (pseudo-terminals, built-in ports), the name decides.
#[derive(Clone, Debug)]
pub struct SerialConnector {
    settings: PortSettings,
    /// Seen when the port was first opened.
    identity: Option<UsbInfo>,
}

impl SerialConnector {
    /// Opens nothing yet.
    #[must_use]
    pub fn new(settings: PortSettings) -> Self {
        Self { settings, identity: None }
    }

    /// Identity of the device that was opened, where it has one.
    #[must_use]
    pub fn identity(&self) -> Option<&UsbInfo> {
        self.identity.as_ref()
    }
}

impl Connector for SerialConnector {
    fn connect(&mut self) -> Result<Box<dyn Port>, OpenError> {
        let ports = ports();
        let name = match &self.identity {
            None => self.settings.name.clone(),
            Some(identity) => choose(&self.settings.name, identity, &ports).ok_or_else(|| {
                OpenError::NotFound {
                    name: self.settings.name.clone(),
                    existing: ports.iter().map(|port| port.name.clone()).collect(),
                }
            })?,
        };
        let port = SerialPort::open(&PortSettings { name: name.clone(), ..self.settings.clone() })?;
        if self.identity.is_none() {
            self.identity = identity_of(&name, &ports).cloned();
        }
        Ok(Box::new(port))
    }
}

/// Name under which the device is to be opened now, if it is there.
fn choose(name: &str, identity: &UsbInfo, ports: &[PortInfo]) -> Option<String> {
    match identity_of(name, ports) {
        Some(found) if is_same(identity, found) => return Some(name.to_owned()),
        Some(_) | None => {}
    }
    let mut same = ports.iter().filter(|port| match &port.kind {
        PortKind::Usb(usb) => is_same(identity, usb),
        PortKind::Bluetooth | PortKind::Pci | PortKind::Other => false,
    });
    let first = same.next()?;
    // Two alike without a number to tell them apart: taking one would be a guess.
    let is_ambiguous = identity.serial_number.is_none() && same.next().is_some();
    (!is_ambiguous).then(|| first.name.clone())
}

/// What stands behind the port `name` now, also where it is a link, if it is attached by USB. Opens nothing.
#[must_use]
pub fn identity(name: &str) -> Option<UsbInfo> {
    identity_of(name, &ports()).cloned()
}

/// Identity of the port `name`, also where it is a link to a listed one.
fn identity_of<'a>(name: &str, ports: &'a [PortInfo]) -> Option<&'a UsbInfo> {
    let target = std::fs::canonicalize(Path::new(name)).ok();
    let target = target.as_deref().and_then(Path::to_str).unwrap_or(name);
    ports.iter().find(|port| port.name == name || port.name == target).and_then(|port| match &port
        .kind
    {
        PortKind::Usb(usb) => Some(usb),
        PortKind::Bluetooth | PortKind::Pci | PortKind::Other => None,
    })
}

fn is_same(a: &UsbInfo, b: &UsbInfo) -> bool {
    (a.vendor_id, a.product_id, &a.serial_number) == (b.vendor_id, b.product_id, &b.serial_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usb(product_id: u16, serial_number: Option<&str>) -> UsbInfo {
        UsbInfo {
            vendor_id: 0x1A86,
            product_id,
            serial_number: serial_number.map(str::to_owned),
            ..UsbInfo::default()
        }
    }

    fn port(name: &str, usb: UsbInfo) -> PortInfo {
        PortInfo { name: name.to_owned(), kind: PortKind::Usb(usb) }
    }

    #[test]
    fn the_device_is_found_under_a_new_name() {
        let probe = usb(1, Some("A7"));
        let ports = [port("test-0", usb(1, Some("B2"))), port("test-1", probe.clone())];
        assert_eq!(choose("test-0", &probe, &ports).as_deref(), Some("test-1"));
    }

    #[test]
    fn the_old_name_wins_among_devices_that_look_alike() {
        let probe = usb(1, Some("0001"));
        let ports = [port("test-0", probe.clone()), port("test-1", probe.clone())];
        assert_eq!(choose("test-1", &probe, &ports).as_deref(), Some("test-1"));
        let nameless = usb(1, None);
        let ports = [port("test-0", nameless.clone()), port("test-1", nameless.clone())];
        assert_eq!(choose("test-1", &nameless, &ports).as_deref(), Some("test-1"));
    }

    #[test]
    fn another_device_under_the_old_name_is_left_alone() {
        let ports = [port("test-0", usb(2, Some("A7")))];
        assert_eq!(choose("test-0", &usb(1, Some("A7")), &ports), None);
        assert_eq!(choose("test-0", &usb(1, Some("A7")), &[]), None);
    }

    #[test]
    fn without_a_serial_number_only_a_single_match_counts() {
        let probe = usb(1, None);
        let one = [port("test-3", probe.clone()), port("test-4", usb(2, None))];
        assert_eq!(choose("test-0", &probe, &one).as_deref(), Some("test-3"));
        let two = [port("test-3", probe.clone()), port("test-4", probe.clone())];
        assert_eq!(choose("test-0", &probe, &two), None);
    }

    #[test]
    fn a_port_that_is_not_there_yet_is_not_found() {
        let mut connector = SerialConnector::new(PortSettings::new("/dev/no-such-port"));
        let error = connector.connect().map(|_| ()).expect_err("absent");
        assert!(matches!(error, OpenError::NotFound { .. }));
        assert_eq!(connector.identity(), None);
    }
}
