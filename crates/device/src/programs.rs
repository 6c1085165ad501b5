//! Which programs are at a port, and which services disturb every port. Linux only: other systems do not
//! tell, and the lists are empty there.

use std::path::{Path, PathBuf};

/// A program that runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program {
    /// Its number.
    pub pid: u32,
    /// Its name, as the system knows it.
    pub name: String,
}

/// A service that disturbs serial ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meddler {
    /// The service.
    pub program: Program,
    /// What it does to a port.
    pub what: &'static str,
    /// What stops that.
    pub remedy: &'static str,
}

/// Services that are known to disturb ports: name, what they do, and what stops that.
///
/// # Source
///
/// The filter rules of ModemManager, and reports about brltty taking bridge chips for Braille displays.
const MEDDLERS: [(&str, &str, &str); 2] = [
    (
        "ModemManager",
        "it may write modem commands into a port that was just plugged in",
        "add a udev rule with ENV{ID_MM_DEVICE_IGNORE}=\"1\" for the device, or `sudo systemctl stop \
         ModemManager`",
    ),
    (
        "brltty",
        "it takes bridge chips (CH340, CP210x, FTDI) for Braille displays",
        "`sudo systemctl mask --now brltty-udev.service`, or remove brltty if no Braille display is used",
    ),
];

/// Programs that have this port open, this one and the far end of a pseudo-terminal left out. Those of other
/// people are not seen.
#[must_use]
pub fn holders(port: &str) -> Vec<Program> {
    holders_in(Path::new("/proc"), port, std::process::id())
}

/// Services that run and are known to disturb ports.
#[must_use]
pub fn meddlers() -> Vec<Meddler> {
    meddlers_in(Path::new("/proc"))
}

fn holders_in(system: &Path, port: &str, own: u32) -> Vec<Program> {
    let Ok(port) = std::fs::canonicalize(port) else { return Vec::new() };
    let holds = |program: &Program| {
        let open: Vec<PathBuf> = std::fs::read_dir(system.join(program.pid.to_string()).join("fd"))
            .map(|files| files.flatten().filter_map(|file| file.path().read_link().ok()).collect())
            .unwrap_or_default();
        let is_far_end = open.iter().any(|file| file.ends_with("ptmx"));
        open.contains(&port) && !is_far_end
    };
    let mut found: Vec<Program> =
        programs(system).into_iter().filter(|one| one.pid != own).filter(holds).collect();
    found.sort();
    found
}

fn meddlers_in(system: &Path) -> Vec<Meddler> {
    let known = |program: Program| {
        let (_, what, remedy) = MEDDLERS.iter().find(|(name, ..)| *name == program.name)?;
        Some(Meddler { program, what, remedy })
    };
    programs(system).into_iter().filter_map(known).collect()
}

fn programs(system: &Path) -> Vec<Program> {
    let Ok(list) = std::fs::read_dir(system) else { return Vec::new() };
    let program = |entry: std::fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let name = std::fs::read_to_string(entry.path().join("comm")).ok()?;
        Some(Program { pid, name: name.trim().to_owned() })
    };
    list.flatten().filter_map(program).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder like `/proc` with these programs: number, name, open files.
    fn system(name: &str, programs: &[(u32, &str, &[&str])]) -> PathBuf {
        let root = std::env::temp_dir().join(format!("levator-{name}-{}", std::process::id()));
        let _left_over = std::fs::remove_dir_all(&root);
        for (pid, comm, files) in programs {
            let folder = root.join(pid.to_string());
            std::fs::create_dir_all(folder.join("fd")).expect("room");
            std::fs::write(folder.join("comm"), format!("{comm}\n")).expect("room");
            for (number, file) in files.iter().enumerate() {
                symlink(file, folder.join("fd").join(number.to_string())).expect("room");
            }
        }
        std::fs::create_dir_all(root.join("sys")).expect("room");
        root
    }

    #[test]
    fn whoever_holds_the_port_is_named_and_the_far_end_is_not() {
        let port = "/dev/null";
        let root = system(
            "holders",
            &[
                (30, "screen", &["/dev/zero", port]),
                (7, "cat", &[port]),
                (8, "simulator", &["/dev/ptmx", port]),
                (9, "editor", &["/dev/zero"]),
                (11, "levator", &[port]),
            ],
        );
        let program = |pid, name: &str| Program { pid, name: name.to_owned() };
        assert_eq!(holders_in(&root, port, 11), [program(7, "cat"), program(30, "screen")]);
        assert_eq!(holders_in(&root, "/dev/no-such-port", 11), []);
        std::fs::remove_dir_all(root).expect("it is ours");
    }

    #[test]
    fn services_that_disturb_ports_are_named_with_what_stops_them() {
        let root =
            system("meddlers", &[(1, "init", &[]), (5, "ModemManager", &[]), (6, "brltty", &[])]);
        let mut names: Vec<String> =
            meddlers_in(&root).into_iter().map(|one| one.program.name).collect();
        names.sort();
        assert_eq!(names, ["ModemManager", "brltty"]);
        assert!(meddlers_in(&root).iter().all(|one| one.remedy.contains("systemctl")));
        std::fs::remove_dir_all(root).expect("it is ours");
        assert_eq!(meddlers_in(Path::new("/no/such/folder")), []);
    }
}
