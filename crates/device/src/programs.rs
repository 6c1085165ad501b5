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
    let pseudo = port.strip_prefix("/dev/pts").ok().and_then(Path::to_str).map(str::to_owned);
    let holds = |program: &Program| {
        let folder = system.join(program.pid.to_string());
        let open: Vec<(PathBuf, PathBuf)> = std::fs::read_dir(folder.join("fd"))
            .map(|files| {
                let file = |file: std::fs::DirEntry| {
                    let about = folder.join("fdinfo").join(file.file_name());
                    Some((file.path().read_link().ok()?, about))
                };
                files.flatten().filter_map(file).collect()
            })
            .unwrap_or_default();
        // Whoever made a pseudo-terminal keeps both ends open. A terminal program has made one too, but not
        // this one, and no serial port has a far end.
        let is_far_end = pseudo.as_ref().is_some_and(|number| {
            let made = open.iter().filter(|(file, _)| file.ends_with("ptmx"));
            made.into_iter().any(|(_, about)| is_of_terminal(about, number))
        });
        open.iter().any(|(file, _)| *file == port) && !is_far_end
    };
    let mut found: Vec<Program> =
        programs(system).into_iter().filter(|one| one.pid != own).filter(holds).collect();
    found.sort();
    found
}

/// Whether a far end is that of the pseudo-terminal of this number; taken for granted where the system does
/// not tell (Linux before 4.14).
fn is_of_terminal(about: &Path, number: &str) -> bool {
    let text = std::fs::read_to_string(about).unwrap_or_default();
    let told = text.lines().find_map(|line| line.strip_prefix("tty-index:"));
    told.is_none_or(|index| index.trim() == number)
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
            std::fs::create_dir_all(folder.join("fdinfo")).expect("room");
            std::fs::write(folder.join("comm"), format!("{comm}\n")).expect("room");
            for (number, file) in files.iter().enumerate() {
                // `ptmx=3` is the far end of the pseudo-terminal 3.
                let (file, index) = file.split_once('=').unwrap_or((*file, ""));
                symlink(file, folder.join("fd").join(number.to_string())).expect("room");
                if !index.is_empty() {
                    let about = folder.join("fdinfo").join(number.to_string());
                    std::fs::write(about, format!("pos:\t0\ntty-index:\t{index}\n")).expect("room");
                }
            }
        }
        std::fs::create_dir_all(root.join("sys")).expect("room");
        root
    }

    #[test]
    fn whoever_holds_the_port_is_named_and_the_far_end_is_not() {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        let port = ptsname(&master, Vec::new()).expect("it has a name");
        let port = port.to_str().expect("ASCII");
        let number = port.rsplit('/').next().expect("a number at the end");
        let (own, other) = (format!("/dev/ptmx={number}"), "/dev/ptmx=99999");
        let program = |pid, name: &str| Program { pid, name: name.to_owned() };
        let root = system(
            "holders",
            &[
                (30, "screen", &["/dev/zero", port]),
                (31, "tmux", &[other, port]),
                (7, "cat", &[port]),
                (8, "simulator", &[&own, port]),
                (10, "untold", &["/dev/ptmx", port]),
                (9, "editor", &["/dev/zero"]),
                (11, "levator", &[port]),
            ],
        );
        let expected = [program(7, "cat"), program(30, "screen"), program(31, "tmux")];
        // On other systems pseudo-terminals are elsewhere, and there is no list of programs.
        if port.starts_with("/dev/pts/") {
            assert_eq!(holders_in(&root, port, 11), expected);
        }
        assert_eq!(holders_in(&root, "/dev/no-such-port", 11), []);
        std::fs::remove_dir_all(root).expect("it is ours");
    }

    #[test]
    fn a_terminal_program_that_holds_a_serial_port_is_named() {
        let root = system("terminals", &[(30, "screen", &["/dev/ptmx", "/dev/null"])]);
        let found = holders_in(&root, "/dev/null", 11);
        assert_eq!(found, [Program { pid: 30, name: "screen".to_owned() }]);
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
