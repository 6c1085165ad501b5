//! The page in a browser, beside the view in the terminal.

use std::io::{IsTerminal, Write, stderr, stdin, stdout};
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Args;
use levator_console::{Console, Exposure, Scene, Tap};
use levator_live::Handle;
use serde_json::Value;

use crate::failure::Failure;
use crate::stop::Stop;
use crate::view::Face;

/// After the last page was closed the program ends. A page that is loaded anew is back by then.
const LINGER: Duration = Duration::from_secs(3);
/// How often it is looked whether a page is still open.
const LOOK: Duration = Duration::from_millis(100);

/// Whether and how the page is served.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PageArgs {
    /// Never opens a browser: the view in the terminal, and the address of the page for whoever wants it.
    #[arg(long)]
    pub(crate) no_open: bool,
    /// Serves no page: opens no port at all.
    #[arg(long, conflicts_with_all = ["no_open", "expose"])]
    pub(crate) no_page: bool,
    /// Serves the page to other computers, too, at this address of this computer. It is not encrypted.
    #[arg(long, value_name = "ADDRESS", value_parser = exposed)]
    pub(crate) expose: Option<std::net::IpAddr>,
}

/// One address of this computer: what stands for all of them would leave nothing to tell our page from a
/// foreign one by.
fn exposed(text: &str) -> Result<std::net::IpAddr, String> {
    let address: std::net::IpAddr =
        text.parse().map_err(|_| "this is no address such as 192.168.0.7".to_owned())?;
    if address.to_canonical().is_unspecified() {
        return Err("this stands for all addresses of this computer: name the one at which the page is to be \
                    reached (`ip address` or `ipconfig` lists them)"
            .to_owned());
    }
    Ok(address)
}

/// The page of a visit, if one is served.
pub(crate) struct Page {
    console: Option<Console>,
    scene: Scene,
    is_opened: bool,
}

impl Page {
    /// Serves the page. A measurement must not depend on it: what stands against it is told, and it goes on.
    pub(crate) fn start(args: &PageArgs, scene: Scene) -> Result<Self, Failure> {
        if args.no_page {
            return Ok(Self { console: None, scene, is_opened: false });
        }
        let exposure = args.expose.map_or(Exposure::Loopback, Exposure::Network);
        let console = match Console::start(exposure, &scene) {
            Ok(console) => console,
            Err(error) => {
                writeln!(stderr(), "no page: {:#}", anyhow::Error::new(error))?;
                return Ok(Self { console: None, scene, is_opened: false });
            }
        };
        Ok(Self { console: Some(console), scene, is_opened: false })
    }

    /// Shows a visit that has begun: prints the address, and opens a browser where somebody sits in front of
    /// one. Not before, or a port that cannot be opened would leave a page that shows nothing.
    pub(crate) fn attach(&mut self, session: Handle, args: &PageArgs, face: Face) {
        let Some(console) = &self.console else { return };
        console.attach(session, &self.scene);
        // The visit goes on if nobody reads standard error.
        let _ = writeln!(stderr(), "page: {}", console.address());
        if let Some(warning) = console.exposure_warning() {
            let _ = writeln!(stderr(), "WARNING: {warning}");
        }
        let is_watched = stdout().is_terminal() && stdin().is_terminal();
        self.is_opened = !args.no_open
            && face == Face::Picture
            && is_watched
            && open(&console.opening_address());
        if self.is_opened {
            let _ = writeln!(stderr(), "it opens in your browser; Ctrl-C here ends the visit");
        }
    }

    /// What the terminal shows beside it.
    pub(crate) fn face(&self, face: Face) -> Face {
        if self.is_opened { Face::Quiet } else { face }
    }

    /// Where it is, if one is served.
    pub(crate) fn address(&self) -> Option<String> {
        self.console.as_ref().map(Console::address)
    }

    pub(crate) fn tap(&self) -> Tap {
        self.console.as_ref().map_or_else(Tap::closed, Console::tap)
    }

    pub(crate) fn conclude(&self, result: Value) {
        if let Some(console) = &self.console {
            console.conclude(result);
        }
    }

    /// How long samples took from the engine to the page, as the page measured it.
    pub(crate) fn latency(&self) -> Option<Value> {
        self.console.as_ref().and_then(Console::page_latency)
    }

    /// Waits as long as somebody looks at what came of it.
    pub(crate) fn linger(self, stop: &Stop) -> Result<(), Failure> {
        let Some(console) = self.console else { return Ok(()) };
        if console.page_count() == 0 {
            return Ok(());
        }
        writeln!(stderr(), "the page is still open; close it, or press Ctrl-C, to end")?;
        let mut away = Duration::ZERO;
        while away < LINGER && !stop.is_asked() {
            std::thread::sleep(LOOK);
            away = if console.page_count() == 0 { away + LOOK } else { Duration::ZERO };
        }
        Ok(())
    }
}

/// Hands an address to the browser of the person; whether there is one to hand it to.
fn open(address: &str) -> bool {
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        Command::new("explorer")
    } else {
        let is_desktop = ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
        if !is_desktop {
            return false;
        }
        Command::new("xdg-open")
    };
    let started = command
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = started else { return false };
    // It hands the address on and ends; nobody waits for it.
    std::thread::spawn(move || child.wait());
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_stands_for_all_is_refused_with_what_to_do() {
        for all in ["0.0.0.0", "::", "::ffff:0.0.0.0"] {
            let told = exposed(all).expect_err(all);
            assert!(told.contains("name the one") && told.contains("ip address"), "{told}");
        }
        assert!(exposed("everywhere").is_err_and(|told| told.contains("192.168")));
        assert_eq!(
            exposed("192.168.0.7").map(|address| address.to_string()).as_deref(),
            Ok("192.168.0.7")
        );
    }
}
