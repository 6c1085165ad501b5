//! `levator simulate`

use std::process::ExitCode;

use crate::args::Simulate;
use crate::failure::Failure;

/// Offers the virtual device on a pseudo-terminal until it is told to stop.
#[cfg(unix)]
pub(crate) fn run(args: &Simulate) -> Result<ExitCode, Failure> {
    use std::io::{Write, stderr, stdout};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use levator_simulate::{Line, LineSettings, PseudoTerminal, serve};
    use serde_json::json;

    use crate::failure::{Attempt, Code};
    use crate::person;
    use crate::stop::Stop;

    let subject = person::subject(&args.person, &args.text.options())?;
    let mut device = subject.device;
    let terminal = PseudoTerminal::open().attempt(Code::Port, "pseudo-terminal")?;
    let mut line = Line::new(LineSettings::real_time(), None).attempt(Code::Other, "line")?;
    let port = terminal.port_name().to_owned();
    let mut out = stdout();
    if args.json {
        writeln!(out, "{}", json!({ "port": port, "person": subject.name }))?;
    } else {
        writeln!(out, "{port}")?;
        for note in &subject.notes {
            writeln!(stderr(), "{note}")?;
        }
        writeln!(stderr(), "{}: try `levator live --port {port}`", subject.name)?;
    }
    out.flush()?;
    let stop = Stop::listen()?;
    let over = AtomicBool::new(false);
    let counts = std::thread::scope(|scope| {
        if let Some(seconds) = args.seconds {
            let (over, stop) = (&over, &stop);
            scope.spawn(move || {
                let step = Duration::from_millis(50);
                let mut left = Duration::from_secs_f64(seconds);
                while left > Duration::ZERO && !stop.is_asked() && !over.load(Ordering::Relaxed) {
                    std::thread::sleep(left.min(step));
                    left = left.saturating_sub(step);
                }
                stop.ask();
            });
        }
        let counts = serve(&mut device, &terminal, &mut line, stop.flag());
        over.store(true, Ordering::Relaxed);
        counts
    })
    .attempt(Code::Port, &port)?;
    if args.json {
        let truth = device.truth(0).map(|truth| truth.contractions).unwrap_or_default();
        for contraction in truth {
            let (onset_s, offset_s) = (contraction.onset_s, contraction.offset_s);
            writeln!(out, "{}", json!({ "onset_s": onset_s, "offset_s": offset_s }))?;
        }
    }
    if counts.dropped > 0 {
        writeln!(stderr(), "{} bytes were dropped because nobody read them", counts.dropped)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Without pseudo-terminals there is no port to offer.
#[cfg(not(unix))]
pub(crate) fn run(_args: &Simulate) -> Result<ExitCode, Failure> {
    let error = anyhow::anyhow!(
        "this system has no pseudo-terminals to offer a virtual probe on; `levator demo` does \
         without one"
    );
    Err(Failure::new(crate::failure::Code::Port, error))
}
