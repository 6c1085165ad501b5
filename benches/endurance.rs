//! What a recording costs and whether it loses anything: `levator record` on a virtual device, for as long
//! and as fast as wanted.
//!
//! ```sh
//! cargo build --release
//! cargo run --release --example endurance -- target/release/levator 24 2000 600 1
//! ```
//!
//! Program, channels, rate in hertz, seconds of the device, and how fast its time passes.

#![allow(clippy::print_stdout, reason = "it is what the program is for")]

fn main() -> std::io::Result<()> {
    run::run()
}

#[cfg(not(target_os = "linux"))]
mod run {
    pub(crate) fn run() -> std::io::Result<()> {
        Err(std::io::Error::other("reads what a process takes from /proc, which Linux has"))
    }
}

#[cfg(target_os = "linux")]
mod run {
    use std::io::{Error, Result};
    use std::path::Path;
    use std::process::{Child, Command, Stdio};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    use levator_record::visit::Report;
    use levator_simulate::{
        Burst, DeviceConfig, Line, LineSettings, PseudoTerminal, Scenario, StreamConfig,
        VirtualDevice, VirtualPerson, serve,
    };

    /// Most channels of a stream.
    const MOST: u8 = 16;

    /// Ticks of the CPU times in /proc, in a second: the same on every Linux.
    const TICKS: f64 = 100.0;

    #[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
    pub(crate) fn run() -> Result<()> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let [program, channels, rate, seconds, speed] = &words[..] else {
            return Err(Error::other("give program, channels, hertz, seconds, speed"));
        };
        let number = |text: &String| text.parse::<f64>().map_err(Error::other);
        let (channels, rate) = (number(channels)? as u8, number(rate)?);
        let (seconds, speed) = (number(seconds)?, number(speed)?);
        let mut left = channels;
        let mut streams = Vec::new();
        while left > 0 {
            streams.push(StreamConfig::emg(left.min(MOST), (rate * 1e3) as u32));
            left -= left.min(MOST);
        }
        let config = DeviceConfig::with_streams("virtual probe", streams);
        let person = VirtualPerson::new(Scenario::Healthy, 1);
        let mut device = VirtualDevice::new(config, person).map_err(Error::other)?;
        let terminal = PseudoTerminal::open()?;
        let settings = LineSettings { speed, burst: Burst::UsbCdc };
        let mut line = Line::new(settings, None).map_err(Error::other)?;
        let folder = tempfile::tempdir()?;
        let visit = folder.path().join("visit");
        let over = AtomicBool::new(false);
        let real_s = seconds / speed;
        let (served, looks) = std::thread::scope(|scope| -> Result<_> {
            let server = scope.spawn(|| serve(&mut device, &terminal, &mut line, &over));
            let mut recorder = Command::new(program)
                .args(["record", "--seconds", &real_s.to_string()])
                .args(["--port", terminal.port_name(), "--out"])
                .arg(&visit)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()?;
            let begun = Instant::now();
            let looks = watch(&mut recorder, real_s, begun)?;
            let closed = recorder.wait()?;
            println!("closed after {:.1} s, {closed}", begun.elapsed().as_secs_f64());
            over.store(true, Ordering::Relaxed);
            let served = server.join().map_err(|_| Error::other("the device broke down"))??;
            Ok((served, looks))
        })?;
        tell(&looks, real_s);
        println!("bytes the device could not hand over: {}", served.dropped);
        count(&device, &visit)
    }

    /// Time, CPU seconds and KiB of memory of the process.
    type Look = (f64, f64, f64);

    #[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
    fn watch(recorder: &mut Child, real_s: f64, begun: Instant) -> Result<Vec<Look>> {
        let mut looks = Vec::new();
        let process = Path::new("/proc").join(recorder.id().to_string());
        while recorder.try_wait()?.is_none() && begun.elapsed().as_secs_f64() < real_s {
            std::thread::sleep(Duration::from_millis(500));
            let Ok(stat) = std::fs::read_to_string(process.join("stat")) else { break };
            let Ok(status) = std::fs::read_to_string(process.join("status")) else { break };
            let after_name = stat.rsplit(')').next().unwrap_or_default();
            let ticks = after_name.split_whitespace().skip(11).take(2);
            let cpu: f64 = ticks.filter_map(|field| field.parse::<f64>().ok()).sum();
            let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            let memory = memory.and_then(|text| text.split_whitespace().next()?.parse().ok());
            looks.push((begun.elapsed().as_secs_f64(), cpu / TICKS, memory.unwrap_or(f64::NAN)));
        }
        Ok(looks)
    }

    fn tell(looks: &[Look], real_s: f64) {
        for tenth in 1..=10 {
            let until = real_s * f64::from(tenth) / 10.0;
            let Some((at_s, cpu_s, kib)) = looks.iter().rfind(|look| look.0 <= until) else {
                continue;
            };
            let (percent, mib) = (100.0 * cpu_s / at_s, kib / 1024.0);
            println!("{at_s:8.1} s  {cpu_s:8.2} CPU s, {percent:5.2} % of a core  {mib:6.1} MiB");
        }
        let most = looks.iter().map(|look| look.2).fold(0.0, f64::max);
        println!("most while recording: {:.1} MiB", most / 1024.0);
    }

    fn count(device: &VirtualDevice, visit: &Path) -> Result<()> {
        let report = Report::of(visit, &mut |_| {});
        let journal = report.journal.as_ref().map_err(|error| Error::other(error.to_string()))?;
        println!("whole: {}, missing inputs: {:?}", report.is_whole(), journal.totals);
        for (info, kept) in &journal.streams {
            let sent = device.scan_counts(info.stream).sent;
            println!(
                "stream {}: {} channels, {sent} scans sent, {kept} recorded",
                info.stream, info.channel_count
            );
        }
        for file in &report.signals {
            let same = file.outcome.as_ref().map(|compared| compared.same_count);
            println!("{}: {same:?} samples as in the journal", file.name);
        }
        for entry in std::fs::read_dir(visit)? {
            let entry = entry?;
            println!("{:>12} bytes  {}", entry.metadata()?.len(), entry.file_name().display());
        }
        Ok(())
    }
}
