//! Why a port could not be opened, and what a person can do about it.

use std::path::Path;

use thiserror::Error;

/// Why a port could not be opened. Each variant says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// Nothing has that name: show what there is, or wait until the device is plugged in.
    #[error("no port {name}; {}", list_text(.existing))]
    NotFound {
        /// Name that was asked for.
        name: String,
        /// Ports that exist, as [`ports`](crate::ports) lists them.
        existing: Vec<String>,
    },
    /// Another program has it open: ask the person to close that one. Right after a plug it may be a
    /// service of the system that looks at every new port; trying again for 3 s is enough.
    #[error("port {name} is in use by another program; close it and try again")]
    Busy {
        /// Name of the port.
        name: String,
    },
    /// The person may not use it. Right after a plug the system may still be handing it over; after
    /// 3 s the [`Remedy`] is what helps.
    #[error("no permission to open port {name}{}", remedy_text(.remedy.as_ref()))]
    PermissionDenied {
        /// Name of the port.
        name: String,
        /// What gives the permission, where it is known.
        remedy: Option<Remedy>,
    },
    /// It is something else: ask for another name.
    #[error("{name} is not a serial port but {what}")]
    NotAPort {
        /// Name that was asked for.
        name: String,
        /// What it is, with its article.
        what: &'static str,
    },
    /// The system refused for another reason, such as a rate the port cannot do.
    #[error("port {name} cannot be opened: {reason}")]
    Io {
        /// Name of the port.
        name: String,
        /// What the system said.
        reason: String,
    },
}

impl OpenError {
    /// Whether the same attempt may succeed a moment after the device was plugged in, because the
    /// system is still handing the port over.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::PermissionDenied { .. })
    }
}

/// What gives a person the permission to use a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Membership in the group that owns the port.
    Join {
        /// Name of the group.
        group: String,
    },
    /// The port belongs to the administrator alone: a rule for its device has to be made.
    Rule,
}

impl Remedy {
    /// Finds the remedy for the device file `path`. `None` where the owner cannot be read.
    #[cfg(unix)]
    pub(crate) fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;

        /// Permission bit: the group may write.
        const GROUP_WRITE: u32 = 0o020;

        let file = std::fs::metadata(path).ok()?;
        if file.gid() == 0 || file.mode() & GROUP_WRITE == 0 {
            return Some(Self::Rule);
        }
        let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
        let group = group_name(&groups, file.gid()).unwrap_or_else(|| file.gid().to_string());
        Some(Self::Join { group })
    }

    /// Finds the remedy for a port; other systems have none that can be named.
    #[cfg(not(unix))]
    pub(crate) fn of(_path: &Path) -> Option<Self> {
        None
    }

    /// The command or rule, as it can be typed.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Join { group } => format!("sudo usermod -aG {group} $USER"),
            Self::Rule => {
                "SUBSYSTEM==\"tty\", ATTRS{idVendor}==\"....\", TAG+=\"uaccess\"".to_owned()
            }
        }
    }
}

/// Name of the group with number `gid` in the text of a group file (`name:password:gid:members`).
#[cfg(any(unix, test))]
fn group_name(groups: &str, gid: u32) -> Option<String> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number: u32 = fields.nth(1)?.parse().ok()?;
        (number == gid && !name.is_empty()).then(|| name.to_owned())
    })
}

fn list_text(names: &[String]) -> String {
    if names.is_empty() {
        "no serial port is plugged in".to_owned()
    } else {
        format!("there is {}", names.join(", "))
    }
}

fn remedy_text(remedy: Option<&Remedy>) -> String {
    match remedy {
        Some(join @ Remedy::Join { group }) => format!(
            "; it belongs to group {group}: run `{}`, then log out and in again",
            join.text()
        ),
        Some(rule @ Remedy::Rule) => format!(
            "; it belongs to the administrator: add a udev rule such as `{}`, then plug it again",
            rule.text()
        ),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: &str =
        "root:x:0:\n# a remark\n+\ntty:x:5:anna\ndialout:x:20:anna,bert\n\nbroken:x:\n";

    #[test]
    fn the_group_is_found_by_its_number() {
        assert_eq!(group_name(GROUPS, 20).as_deref(), Some("dialout"));
        assert_eq!(group_name(GROUPS, 5).as_deref(), Some("tty"));
        assert_eq!(group_name(GROUPS, 7), None);
        assert_eq!(group_name("", 20), None);
    }

    #[test]
    fn a_refused_permission_names_the_command_that_helps() {
        let error = OpenError::PermissionDenied {
            name: "/dev/ttyUSB0".to_owned(),
            remedy: Some(Remedy::Join { group: "dialout".to_owned() }),
        };
        assert_eq!(
            error.to_string(),
            "no permission to open port /dev/ttyUSB0; it belongs to group dialout: run \
             `sudo usermod -aG dialout $USER`, then log out and in again"
        );
        assert!(error.may_pass());
    }

    #[test]
    fn a_missing_port_lists_those_that_exist() {
        let missing = |existing: &[&str]| OpenError::NotFound {
            name: "/dev/ttyUSB7".to_owned(),
            existing: existing.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(
            missing(&["/dev/ttyACM0", "/dev/ttyUSB0"]).to_string(),
            "no port /dev/ttyUSB7; there is /dev/ttyACM0, /dev/ttyUSB0"
        );
        assert_eq!(missing(&[]).to_string(), "no port /dev/ttyUSB7; no serial port is plugged in");
        assert!(!missing(&[]).may_pass());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_without_a_usable_group_needs_a_rule() {
        assert_eq!(Remedy::of(Path::new("/")), Some(Remedy::Rule));
        assert_eq!(Remedy::of(Path::new("/no/such/file")), None);
    }
}
