//! `--device`: our own wire, a device of others, or a file that describes one.

use std::path::Path;

use levator_catalog::devices::{self, Device, Dtr};
use levator_detect::manoeuvre::Role;
use levator_device::{DtrPolicy, PortSettings, identity};
use levator_engine::{Conversation, EngineConfig, Source};
use levator_signal::ChannelId;

use crate::args::LinkArgs;

/// What is on a port.
#[derive(Clone, Debug)]
pub(crate) enum Choice {
    /// Our own wire protocol.
    Native,
    /// A device that does not describe itself.
    Foreign(Box<Device>),
}

impl Choice {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Native => "native",
            Self::Foreign(device) => &device.id,
        }
    }

    /// Its name among references, where its description says one.
    pub(crate) fn profile(&self) -> Option<&str> {
        match self {
            Self::Native => None,
            Self::Foreign(device) => Some(device.profile.as_str()).filter(|name| !name.is_empty()),
        }
    }

    /// Makes the engine listen to it. Roles that were given on the command line come first.
    pub(crate) fn apply(&self, config: &mut EngineConfig) {
        let Self::Foreign(device) = self else { return };
        let description = Box::new(device.description.clone());
        config.source = Source::Foreign { conversation: Conversation::Lead, description };
        if config.roles.is_empty() {
            let role = |(stream, channel, name): &(u8, u8, String)| {
                let (role, _) = Role::NAMES.into_iter().find(|(_, known)| known == name)?;
                Some((ChannelId { stream: *stream, channel: *channel }, role))
            };
            config.roles = device.roles.iter().filter_map(role).collect();
        }
    }
}

/// How its port is opened.
pub(crate) fn settings(link: &LinkArgs) -> PortSettings {
    let mut settings = PortSettings::new(link.port.clone());
    if let Choice::Foreign(device) = &link.device {
        settings.baud = device.baud;
        settings.dtr = match device.dtr {
            Dtr::Raise => DtrPolicy::Raise,
            Dtr::Lower => DtrPolicy::Lower,
            Dtr::Leave => DtrPolicy::Leave,
        };
    }
    settings.baud = link.baud.unwrap_or(settings.baud);
    settings
}

/// Serial number of the USB chip behind a port, where it has one.
pub(crate) fn usb_serial(port: &str) -> Option<String> {
    identity(port).and_then(|usb| usb.serial_number)
}

pub(crate) fn choice(text: &str) -> Result<Choice, String> {
    if text == "native" {
        return Ok(Choice::Native);
    }
    if let Some(device) = devices::built_in(text) {
        return Ok(Choice::Foreign(Box::new(device)));
    }
    let path = Path::new(text);
    if path.exists() || path.extension().is_some_and(|extension| extension == "toml") {
        let read = devices::read(path).map_err(|error| error.to_string())?;
        return Ok(Choice::Foreign(Box::new(read)));
    }
    let known: Vec<&str> = devices::BUILT_IN.iter().map(|(name, _)| *name).collect();
    Err(format!("there is no such file, and known are native, {}", known.join(", ")))
}
