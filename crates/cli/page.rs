//! The page in a browser, beside the view in the terminal.

use std::io::{IsTerminal, Write, stderr, stdin, stdout};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use levator_console::{Console, Desk, Exposure, Latency, Patience, Scene, Tap};
use levator_live::Handle;
use serde_json::Value;

use crate::failure::{Code, Failure};
use crate::stop::Stop;
use crate::view::Face;

/// After the last page was closed the program ends. A page that is loaded anew is back by then.
const LINGER: Duration = Duration::from_secs(3);
/// A page that was told of an error has it by then.
const FAREWELL: Duration = Duration::from_millis(200);
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
    Exposure::at(address).map(|_| address).map_err(|error| error.to_string())
}

/// The page of a visit, if one is served.
pub(crate) struct Page {
    console: Option<Console>,
    scene: Scene,
    is_opened: bool,
    /// Whether it was there before the visit, and stays.
    is_desk: bool,
}

impl Page {
    /// Serves the page. A measurement must not depend on it: what stands against it is told, and it goes on.
    pub(crate) fn start(args: &PageArgs, scene: Scene) -> Result<Self, Failure> {
        if args.no_page {
            return Ok(Self { console: None, scene, is_opened: false, is_desk: false });
        }
        let exposure = args.expose.map_or(Exposure::Loopback, Exposure::Network);
        let console = match Console::start(exposure, &scene) {
            Ok(console) => console,
            Err(error) => {
                writeln!(stderr(), "no page: {:#}", anyhow::Error::new(error))?;
                return Ok(Self { console: None, scene, is_opened: false, is_desk: false });
            }
        };
        Ok(Self { console: Some(console), scene, is_opened: false, is_desk: false })
    }

    /// Serves a page on which visits are begun, and opens a browser where somebody sits in front of one.
    pub(crate) fn wait(
        args: &PageArgs,
        scene: Scene,
        desk: Arc<dyn Desk>,
    ) -> Result<Self, Failure> {
        let exposure = args.expose.map_or(Exposure::Loopback, Exposure::Network);
        let console = Console::start_with(exposure, &scene, Patience::usual(), Some(desk))
            .map_err(|error| Failure::new(Code::Other, error))?;
        let mut page = Self { console: Some(console), scene, is_opened: false, is_desk: true };
        page.show(args.no_open)?;
        Ok(page)
    }

    /// Shows a visit that has begun: prints the address, and opens a browser where somebody sits in front of
    /// one. Not before, or a port that cannot be opened would leave a page that shows nothing.
    pub(crate) fn attach(&mut self, session: Handle, args: Option<&PageArgs>, face: Face) {
        let Some(console) = &self.console else { return };
        console.attach(session, &self.scene);
        if !self.is_desk {
            let is_quiet = args.is_none_or(|args| args.no_open) || face != Face::Picture;
            // The visit goes on if nobody reads standard error.
            let _ = self.show(is_quiet);
        }
    }

    /// Prints the address, and opens it in a browser unless that is not wanted.
    fn show(&mut self, is_quiet: bool) -> std::io::Result<()> {
        let Some(console) = &self.console else { return Ok(()) };
        writeln!(stderr(), "page: {}", console.address())?;
        if let Some(warning) = console.exposure_warning() {
            writeln!(stderr(), "WARNING: {warning}")?;
        }
        let is_watched = stdout().is_terminal() && stdin().is_terminal();
        self.is_opened = !is_quiet && is_watched && open(&console.opening_address());
        if self.is_opened {
            let what = if self.is_desk { "the program" } else { "the visit" };
            writeln!(stderr(), "it opens in your browser; Ctrl-C here ends {what}")?;
        }
        Ok(())
    }

    /// Says what the next visit will be, before it is started.
    pub(crate) fn renew(&mut self, scene: Scene) {
        self.scene = scene;
        if let Some(console) = &self.console {
            console.renew(&self.scene);
        }
    }

    /// The same for a session in which a probe is only listened to.
    pub(crate) fn begin_check(&self, scene: &Scene) {
        if let Some(console) = &self.console {
            console.renew(scene);
        }
    }

    /// Shows that session.
    pub(crate) fn attach_check(&self, session: Handle, scene: &Scene) {
        if let Some(console) = &self.console {
            console.attach(session, scene);
        }
    }

    /// Says where the visit is.
    pub(crate) fn set_stage(&self, stage: Value) {
        if let Some(console) = &self.console {
            console.set_stage(stage);
        }
    }

    /// Pages that are open.
    pub(crate) fn count(&self) -> usize {
        self.console.as_ref().map_or(0, Console::page_count)
    }

    /// Waits until what was told last has reached the pages that are open.
    pub(crate) fn leave(self) {
        if self.count() > 0 {
            std::thread::sleep(FAREWELL);
        }
    }

    /// What the terminal shows beside it.
    pub(crate) fn face(&self, face: Face) -> Face {
        if self.is_opened || self.is_desk { Face::Quiet } else { face }
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

    /// How long it took from the engine to the page, as a page measured it.
    pub(crate) fn latency(&self) -> Latency {
        self.console.as_ref().map(Console::page_latency).unwrap_or_default()
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
