//! What can be written on the command line.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use levator_catalog::told::Told;
use levator_catalog::{programmes, references};
use levator_detect::manoeuvre::Role;
use levator_engine::EmgBand;
use levator_programme::Programme;
use levator_record::text::{ChannelChoice, TextOptions};
use levator_score::Reference;
use levator_signal::preset::Mains;
use levator_signal::{ChannelId, SignalKind, Unit};
use levator_simulate::people::{Condition, Setup as PersonSetup};

use crate::data::DataArgs;
use crate::devices::Devices;
use crate::foreign::{self, Choice};
use crate::page::PageArgs;
use crate::recover::Recover;
use crate::simulate::Simulate;
use crate::verify::Verify;
use crate::visit::AboutArgs;

const AFTER_HELP: &str = "\
Results go to standard output, everything else to standard error.

Exit codes:
  0  done
  1  something unforeseen
  2  wrong use of the command line
  3  a file could not be read, or holds nothing that can be analysed
  4  a port could not be opened
  5  the device could not be understood, or went away
  6  the recording could not be written
  7  the signal check found a fault
  8  the programme is closed for this person for now
  9  the visit is damaged, or was not closed

Training and research software: no medical device, no diagnosis. Nothing leaves this computer.";

/// Reads pressure or surface EMG of the pelvic floor from a probe, finds contractions, and keeps
/// every byte.
#[derive(Debug, Parser)]
#[command(name = "levator", version, after_help = AFTER_HELP, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows all of it on a virtual person: live, recorded, analysed. Needs no hardware.
    Demo(Demo),
    /// Listens to a probe before a visit, and says what is wrong with the signal and what to do.
    Check(Check),
    /// Shows contractions of a probe as they happen.
    Live(Live),
    /// Records a probe to a folder.
    Record(Record),
    /// Finds contractions in recordings, EDF, BDF and XDF files, and text files.
    #[command(alias = "analyze")]
    Analyse(Analyse),
    /// Judges a visit: tight or weak, both, neither, or cannot tell, and why; what is open to train.
    Assess(Assess),
    /// Writes a report of a visit, for the person or for who refers or treats: a page, pictures, text.
    Report(crate::report::Report),
    /// Shows what has become of a person over visits, beyond chance, and what may come next.
    Progress(crate::progress::Progress),
    /// Writes recordings and other files for other programs: EDF+, BDF+, CSV, XDF, JSON, a BIDS folder.
    Export(Export),
    /// Says whether a recorded visit is as it was written, and what is damaged where.
    Verify(Verify),
    /// Puts a killed or damaged visit together again, in a new folder, and says what is missing.
    Recover(Recover),
    /// Plays a recorded visit again as it was seen live, as fast as you like.
    Replay(crate::replay::Replay),
    /// Takes the bytes of a recorded visit through today's decoder into a new visit, and says what changed.
    ReDecode(crate::redecode::ReDecode),
    /// Smallest and largest values of any stretch of a visit, at once, whatever its length.
    Overview(crate::overview::Overview),
    /// Lists, finds, shows and deletes the visits that are kept, and packs them for elsewhere.
    Visits(crate::visits::Visits),
    /// Takes files of other programs, visits from elsewhere and archives in among the visits that are kept.
    Import(crate::import::Import),
    /// Lists what a visit can be held against, or shows one reference.
    References(References),
    /// Lists what a person can be asked to do, or shows one programme step by step.
    Programmes(Programmes),
    /// Checks a programme of one's own: names line and reason where it is wrong.
    CheckProgramme(CheckProgramme),
    /// Measures what a count of a probe is worth: from nothing and one known value.
    Calibrate(crate::calibrate::Calibrate),
    /// Lists the serial ports of this computer.
    Devices(Devices),
    /// Offers a virtual probe on a serial port, for trying things out.
    Simulate(Simulate),
    /// Writes a whole visit of a virtual person to files that `assess` reads.
    SimulateVisit(SimulateVisit),
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// How long the virtual person is measured, in seconds.
    #[arg(long, default_value_t = 40.0, value_parser = seconds)]
    pub(crate) seconds: f64,
    /// Folder for the recording; it must not hold one yet. Without it, a new folder under the
    /// system's folder for temporary files.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Waits on the page: who is measured and what they do is chosen there, visit after visit. Each is
    /// recorded into a folder of its own in --out.
    #[arg(long, conflicts_with_all = ["no_page", "scenario", "seed", "replay"])]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) person: Person,
    /// Prints what was found as JSON, as `analyse --json` does.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
    #[command(flatten)]
    pub(crate) page: PageArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) link: LinkArgs,
    /// Gives up after so many seconds if the signal was never clean for 5 s.
    #[arg(long, default_value_t = 60.0, value_parser = seconds)]
    pub(crate) seconds: f64,
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// Prints the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Live {
    #[command(flatten)]
    pub(crate) link: OpenLink,
    /// Also records into this folder; it must not hold a recording yet. Without it, the visit is kept among
    /// those of --person, and not recorded if that is not given either. Without --port, each visit is
    /// recorded into a folder of its own in it.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Ends after so many seconds. Without it, q or Ctrl-C ends it.
    #[arg(long, value_parser = seconds)]
    pub(crate) seconds: Option<f64>,
    #[command(flatten)]
    pub(crate) setup: Setup,
    #[command(flatten)]
    pub(crate) person: Whom,
    #[command(flatten)]
    pub(crate) about: AboutArgs,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
    #[command(flatten)]
    pub(crate) page: PageArgs,
    /// Prints what was found as JSON at the end.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Record {
    #[command(flatten)]
    pub(crate) link: LinkArgs,
    /// Folder for the recording; it must not hold one yet. Without it, the visit is kept among those of
    /// --person.
    #[arg(long, value_name = "DIR", required_unless_present = "person")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Ends after so many seconds. Without it, Ctrl-C ends it.
    #[arg(long, value_parser = seconds)]
    pub(crate) seconds: Option<f64>,
    #[command(flatten)]
    pub(crate) setup: Setup,
    #[command(flatten)]
    pub(crate) person: Whom,
    #[command(flatten)]
    pub(crate) about: AboutArgs,
    /// Prints what was recorded as JSON at the end.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Analyse {
    /// Recordings (folder or `raw.journal`), EDF, BDF and XDF files, and text files (CSV and its
    /// relatives), or folders with many of them.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Writes a table (CSV) with a line for each channel of each file in place of what is printed, on all
    /// cores; files that cannot be read are named at the end. One that is there is not overwritten.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    pub(crate) out: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) text: TextArgs,
    #[command(flatten)]
    pub(crate) setup: Setup,
}

#[derive(Debug, Args)]
pub(crate) struct Assess {
    /// The visit: a recording, an EDF, BDF or XDF file, or a text file, also one of anorectal manometry.
    pub(crate) file: PathBuf,
    /// What to hold it against: a reference that is built in (`levator references`) or a file. If nothing
    /// is told of the device, it is taken for that of the reference.
    #[arg(long, value_name = "NAME|FILE", value_parser = reference)]
    pub(crate) reference: Option<Reference>,
    /// What is told beside the signals: the person, symptoms, palpation, the device (docs/references.md).
    #[arg(long, value_name = "FILE", value_parser = told)]
    pub(crate) symptoms: Option<Told>,
    /// An earlier visit of the same person, the oldest first; may be given again.
    #[arg(long, value_name = "FILE")]
    pub(crate) earlier: Vec<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Also lists every number it rests on.
    #[arg(long)]
    pub(crate) measures: bool,
    #[command(flatten)]
    pub(crate) text: TextArgs,
    #[command(flatten)]
    pub(crate) setup: Setup,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Recordings (folder or `raw.journal`), EDF, BDF and XDF files, and text files. All signals of a file are
    /// written unless some are chosen.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// What to write. Signals at different rates go to files of their own, but for XDF and JSON.
    #[arg(long, visible_alias = "format", value_enum)]
    pub(crate) to: ExportFormat,
    /// Leaves out every text of the source: marks, labels, notes, device, port, paths; and moves dates by
    /// one number of days for each person.
    #[arg(long)]
    pub(crate) de_identify: bool,
    /// What the number of days depends on: a file with 16 bytes or more that nobody else has. [default:
    /// one in your data folder, made when it is needed]
    #[arg(long, value_name = "FILE", requires = "de_identify")]
    pub(crate) key: Option<PathBuf>,
    /// Whose visits these are, for the number of days; it is not written. [default: as visit.json says]
    #[arg(long, value_name = "ID", requires = "de_identify")]
    pub(crate) person: Option<String>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) bids: crate::export::BidsArgs,
    /// Fills gaps in EDF+ and BDF+ with the last value, and says so in annotations: for programs that
    /// cannot read discontinuous files, or join them without a word.
    #[arg(long)]
    pub(crate) fill_gaps: bool,
    /// File to write, or a folder that is there. Without it, beside the file that is read. Nothing is
    /// ever overwritten.
    #[arg(long, value_name = "PATH")]
    pub(crate) out: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) text: TextArgs,
}

/// What `export` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// EDF+, 16 bits.
    Edf,
    /// BDF+, 24 bits.
    Bdf,
    /// A table, every digit kept, and a JSON file beside it.
    Csv,
    /// All streams and marks in one file of the Lab Streaming Layer, every digit kept.
    Xdf,
    /// All streams and marks in one document, every digit kept.
    Json,
    /// A folder as the Brain Imaging Data Structure wants it, with BDF+ in it.
    Bids,
}

#[derive(Debug, Args)]
pub(crate) struct References {
    /// The reference to show: its name, or a file.
    #[arg(value_name = "NAME|FILE", value_parser = reference)]
    pub(crate) reference: Option<Reference>,
}

#[derive(Debug, Args)]
pub(crate) struct Programmes {
    /// The programme to show: its name, or a file.
    #[arg(value_name = "NAME|FILE", value_parser = programme)]
    pub(crate) programme: Option<Programme>,
    /// Prints it as a file to change and use as one's own.
    #[arg(long, requires = "programme", conflicts_with = "json")]
    pub(crate) toml: bool,
    /// Prints JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckProgramme {
    /// The file.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateVisit {
    /// What the person is like: healthy, weak, hypertonic, tight-and-weak, non-relaxing, dyssynergic,
    /// bearing-down, fatiguing, partial-relaxer, pregnant-healthy, ...
    #[arg(long, default_value = "healthy", value_parser = condition)]
    pub(crate) condition: Condition,
    /// What they are measured with: kasper-emg, oleksy-emg+abdomen, peritron, camtech+abdomen, ...
    #[arg(long, default_value = "kasper-emg+abdomen", value_parser = person_setup)]
    pub(crate) device: PersonSetup,
    /// What they are asked to do. Without it, `glazer` for EMG and `first-visit` for pressure, of which
    /// strength is three maximal contractions.
    #[arg(long, value_name = "NAME|FILE", value_parser = programme)]
    pub(crate) programme: Option<Programme>,
    /// A man, where the device allows.
    #[arg(long)]
    pub(crate) male: bool,
    /// Chooses the person.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Which visit of theirs.
    #[arg(long, default_value_t = 0)]
    pub(crate) visit: u64,
    /// How many times as much the device reads as the one that the reference speaks of.
    #[arg(long, default_value_t = 1.0, value_parser = finite)]
    pub(crate) gain: f64,
    /// Folder for the files.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

/// What is known of the person, and of earlier visits.
#[derive(Debug, Args)]
pub(crate) struct Whom {
    /// What is told beside the signals (docs/references.md); kept beside the recording.
    #[arg(long, value_name = "FILE")]
    pub(crate) symptoms: Option<PathBuf>,
    /// The visit by which it is decided whether a strengthening programme is open.
    #[arg(long, value_name = "VISIT")]
    pub(crate) after: Option<PathBuf>,
    /// What to hold that visit against.
    #[arg(long, value_name = "NAME|FILE", value_parser = reference)]
    pub(crate) reference: Option<Reference>,
}

/// The same where the port may be chosen on the page.
#[derive(Clone, Debug, Args)]
pub(crate) struct OpenLink {
    /// The serial port: see `levator devices`. Without it, the page opens, and the probe is chosen there.
    #[arg(long, short, value_name = "PORT")]
    pub(crate) port: Option<String>,
    /// What is on the port: native (firmware-protocol/SPEC.md), a device of others (docs/devices.md), or a
    /// file that describes one.
    #[arg(long, value_name = "NAME|FILE", default_value = "native", value_parser = foreign::choice, requires = "port")]
    device: Choice,
    /// Speed of the port in bits a second; USB devices ignore it. [default: that of the device]
    #[arg(long, requires = "port")]
    baud: Option<u32>,
    /// Gives up if the device says nothing understandable for so many seconds after the start.
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    pub(crate) patience: f64,
    /// Goes on although a stream is more than 10 % faster or slower than its device declares.
    #[arg(long)]
    pub(crate) any_rate: bool,
}

impl OpenLink {
    /// The port that was named, if one was.
    pub(crate) fn named(&self) -> Option<LinkArgs> {
        let Self { port, device, baud, patience, any_rate } = self.clone();
        port.map(|port| LinkArgs { port, device, baud, patience, any_rate })
    }
}

/// Which probe on which port.
#[derive(Clone, Debug, Args)]
pub(crate) struct LinkArgs {
    /// The serial port: see `levator devices`.
    #[arg(long, short, value_name = "PORT")]
    pub(crate) port: String,
    /// What is on the port: native (firmware-protocol/SPEC.md), a device of others (docs/devices.md), or a
    /// file that describes one.
    #[arg(long, value_name = "NAME|FILE", default_value = "native", value_parser = foreign::choice)]
    pub(crate) device: Choice,
    /// Speed of the port in bits a second; USB devices ignore it. [default: that of the device]
    #[arg(long)]
    pub(crate) baud: Option<u32>,
    /// Gives up if the device says nothing understandable for so many seconds after the start.
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    pub(crate) patience: f64,
    /// Goes on although a stream is more than 10 % faster or slower than its device declares.
    #[arg(long)]
    pub(crate) any_rate: bool,
}

/// Who is simulated.
#[derive(Debug, Args)]
pub(crate) struct Person {
    /// What the virtual person does: healthy, weak, tight, flicks, long-hold, rest or noisy.
    #[arg(long, default_value = "healthy")]
    pub(crate) scenario: String,
    /// Chooses the noise; the same number gives the same person.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// A recording as the person: a text file as `analyse` reads it.
    #[arg(long, value_name = "FILE")]
    pub(crate) replay: Option<PathBuf>,
}

/// How the live view is shown.
#[derive(Debug, Args)]
pub(crate) struct ViewArgs {
    /// One line a second in place of the picture; also what a pipe gets.
    #[arg(long)]
    pub(crate) plain: bool,
}

/// How signals are prepared. A recording of ours is analysed with the settings it was made with unless
/// one is given here.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Filter {
    /// Mains frequency to take out of EMG: 50, 60 or off. [default: 50]
    #[arg(long, value_parser = mains)]
    pub(crate) mains: Option<MainsChoice>,
    /// Band of the EMG filter: wide (20-450 Hz), pelvic (30-450 Hz) or heart-safe (100-450 Hz).
    /// [default: wide]
    #[arg(long, value_parser = band)]
    pub(crate) band: Option<EmgBand>,
    /// Takes heart beats out of EMG where they are found; contractions are then spoken of 0.08 s later.
    #[arg(long)]
    pub(crate) remove_heart: bool,
    /// Unit to show pressure in: cmH2O, mmHg, hPa, kPa, Pa, or as-given. [default: cmH2O for devices,
    /// as-given for files]
    #[arg(long, value_name = "UNIT", value_parser = pressure_unit)]
    pub(crate) pressure_unit: Option<PressureUnit>,
    /// Where a channel lies, to tell squeezing from pushing: CHANNEL=ROLE or STREAM.CHANNEL=ROLE, counted
    /// from 0; the role is pelvic-emg, abdominal-emg, pelvic-pressure or abdominal-pressure. May be given
    /// again.
    #[arg(long, value_name = "CHANNEL=ROLE", value_parser = role)]
    pub(crate) role: Vec<(ChannelId, Role)>,
}

/// How signals are prepared, and what the person is asked to do.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Setup {
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// What the person is asked to do: a programme that is built in (`levator programmes`) or a file of
    /// one's own. A recording has its own.
    #[arg(long, value_name = "NAME|FILE", value_parser = programme)]
    pub(crate) programme: Option<Programme>,
    /// Seconds from the first sample to the beginning of the programme.
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, value_parser = begins)]
    pub(crate) begins: f64,
    /// Whether curves are kept, for pictures.
    #[arg(skip)]
    pub(crate) keeps_trace: bool,
}

/// A unit of pressure, or none for that of the device or file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PressureUnit(pub(crate) Option<Unit>);

/// A mains frequency, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MainsChoice(pub(crate) Option<Mains>);

/// How a text file is read, and which signals of an EDF or BDF file. Nothing is needed for a file that says it all itself.
#[derive(Debug, Args)]
#[command(next_help_heading = "Text files")]
pub(crate) struct TextArgs {
    /// Rows a second, where the file has no time column or is wrong about it.
    #[arg(long, value_name = "HZ", value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// Column to analyse, or channel of an EDF, BDF or XDF file, by name or by number counted from 0; may be
    /// given again.
    #[arg(long, value_name = "NAME|INDEX")]
    pub(crate) channel: Vec<String>,
    /// What is measured: emg, emg-envelope, pressure or other.
    #[arg(long, value_parser = kind)]
    pub(crate) kind: Option<SignalKind>,
    /// Unit of the values, such as uV, cmH2O or mmHg.
    #[arg(long, value_parser = unit)]
    pub(crate) unit: Option<Unit>,
    /// Unit of the values for one count: value = (number + offset) * scale.
    #[arg(long, default_value_t = 1.0, value_parser = finite, allow_negative_numbers = true)]
    pub(crate) scale: f64,
    /// Added to each number before it is scaled.
    #[arg(long, default_value_t = 0.0, value_parser = finite, allow_negative_numbers = true)]
    pub(crate) offset: f64,
}

impl TextArgs {
    /// The same for the reader of text files.
    pub(crate) fn options(&self) -> TextOptions {
        TextOptions {
            rate_hz: self.rate,
            channels: self.channel.iter().cloned().map(ChannelChoice::Name).collect(),
            kind: self.kind,
            unit: self.unit,
            scale: self.scale,
            offset: self.offset,
        }
    }
}

fn number(text: &str, bound: &str, holds: impl Fn(f64) -> bool) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| format!("{text:?} is not a number"))?;
    if holds(value) { Ok(value) } else { Err(format!("must be {bound}")) }
}

pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    number(text, "more than 0 and at most 31536000 (a year)", |s| s > 0.0 && s <= 31_536_000.0)
}

/// Seconds after a beginning.
pub(crate) fn moment(text: &str) -> Result<f64, String> {
    number(text, "0 to 31536000 (a year)", |s| (0.0..=31_536_000.0).contains(&s))
}

fn rate(text: &str) -> Result<f64, String> {
    number(text, "0.1 to 100000 Hz", |hz| (0.1..=100_000.0).contains(&hz))
}

fn finite(text: &str) -> Result<f64, String> {
    number(text, "a finite number", f64::is_finite)
}

fn kind(text: &str) -> Result<SignalKind, String> {
    SignalKind::from_name(text).ok_or_else(|| "must be emg, emg-envelope, pressure or other".into())
}

fn unit(text: &str) -> Result<Unit, String> {
    Unit::from_symbol(text).ok_or_else(|| {
        let known: Vec<&str> = Unit::ALL.iter().map(|unit| unit.symbol()).collect();
        format!("must be one of {}", known.join(", "))
    })
}

fn pressure_unit(text: &str) -> Result<PressureUnit, String> {
    if text == "as-given" {
        return Ok(PressureUnit(None));
    }
    Unit::from_symbol(text)
        .filter(|unit| unit.factor_to(Unit::Pascal).is_some())
        .map(|unit| PressureUnit(Some(unit)))
        .ok_or_else(|| "must be cmH2O, mmHg, hPa, kPa, Pa or as-given".into())
}

fn role(text: &str) -> Result<(ChannelId, Role), String> {
    let wrong =
        || "must be CHANNEL=ROLE or STREAM.CHANNEL=ROLE, as in 0.1=abdominal-emg".to_owned();
    let (place, name) = text.split_once('=').ok_or_else(wrong)?;
    let (stream, channel) = place.split_once('.').unwrap_or(("0", place));
    let number = |text: &str| text.trim().parse::<u8>().map_err(|_| wrong());
    let id = ChannelId { stream: number(stream)?, channel: number(channel)? };
    let found = Role::NAMES.into_iter().find(|(_, known)| *known == name.trim());
    found.map(|(role, _)| (id, role)).ok_or_else(|| {
        let known: Vec<&str> = Role::NAMES.iter().map(|(_, name)| *name).collect();
        format!("the role must be one of {}", known.join(", "))
    })
}

fn programme(text: &str) -> Result<Programme, String> {
    if let Some(programme) = programmes::built_in(text) {
        return Ok(programme);
    }
    let path = Path::new(text);
    if path.exists() || path.extension().is_some_and(|extension| extension == "toml") {
        return programmes::read(path).map_err(|error| error.to_string());
    }
    let known: Vec<&str> = programmes::BUILT_IN.iter().map(|(name, _)| *name).collect();
    Err(format!("there is no such file, and built in are {}", known.join(", ")))
}

fn condition(text: &str) -> Result<Condition, String> {
    Condition::ALL.into_iter().find(|one| one.name() == text).ok_or_else(|| {
        let known: Vec<&str> = Condition::ALL.iter().map(|one| one.name()).collect();
        format!("must be one of {}", known.join(", "))
    })
}

fn person_setup(text: &str) -> Result<PersonSetup, String> {
    // Of channels in two units a text file says nothing.
    let usable = || {
        PersonSetup::usual().into_iter().filter(|one| one.emg.is_none() || one.pressure.is_none())
    };
    usable().find(|one| one.name() == text).ok_or_else(|| {
        let known: Vec<String> = usable().map(|one| one.name()).collect();
        format!("must be one of {}", known.join(", "))
    })
}

pub(crate) fn reference(text: &str) -> Result<Reference, String> {
    if let Some(reference) = references::built_in(text) {
        return Ok(reference);
    }
    let path = Path::new(text);
    if path.exists() || path.extension().is_some_and(|extension| extension == "toml") {
        return references::read(path).map_err(|error| error.to_string());
    }
    let known: Vec<&str> = references::BUILT_IN.iter().map(|(name, _)| *name).collect();
    Err(format!("there is no such file, and built in are {}", known.join(", ")))
}

fn told(text: &str) -> Result<Told, String> {
    levator_catalog::told::read(Path::new(text)).map_err(|error| error.to_string())
}

fn begins(text: &str) -> Result<f64, String> {
    number(text, "0 to 86400 s", |s| (0.0..=86_400.0).contains(&s))
}

fn mains(text: &str) -> Result<MainsChoice, String> {
    match text {
        "50" => Ok(MainsChoice(Some(Mains::Hz50))),
        "60" => Ok(MainsChoice(Some(Mains::Hz60))),
        "off" => Ok(MainsChoice(None)),
        _ => Err("must be 50, 60 or off".into()),
    }
}

fn band(text: &str) -> Result<EmgBand, String> {
    EmgBand::NAMES
        .into_iter()
        .find(|(_, name)| *name == text)
        .map(|(band, _)| band)
        .ok_or_else(|| "must be wide, pelvic or heart-safe".into())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn impossible_numbers_are_refused_with_their_bound() {
        assert!(seconds("0").is_err() && seconds("nan").is_err() && seconds("-1").is_err());
        assert_eq!(rate("0"), Err("must be 0.1 to 100000 Hz".into()));
        assert_eq!(finite("inf"), Err("must be a finite number".into()));
        assert_eq!(finite("-2.5"), Ok(-2.5));
        assert_eq!(pressure_unit("mmhg"), Ok(PressureUnit(Some(Unit::MillimetreMercury))));
        assert_eq!(pressure_unit("as-given"), Ok(PressureUnit(None)));
        assert!(pressure_unit("uV").is_err() && pressure_unit("furlong").is_err());
        let id = |stream, channel| ChannelId { stream, channel };
        assert_eq!(role("1=abdominal-emg"), Ok((id(0, 1), Role::AbdominalEmg)));
        assert_eq!(role("1.0=pelvic-pressure"), Ok((id(1, 0), Role::PelvicPressure)));
        for wrong in ["", "1", "x=pelvic-emg", "1.2.3=pelvic-emg", "300=pelvic-emg", "0=gluteal"] {
            assert!(role(wrong).is_err(), "{wrong}");
        }
        assert!(unit("furlong").is_err_and(|text| text.contains("cmH2O")));
    }
}
