//! `levator simulate-visit`: a whole visit of a virtual person, as files.

use std::io::{BufWriter, Write, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::anyhow;
use levator_catalog::programmes;
use levator_programme::Programme;
use levator_simulate::people::{
    Anatomy, Condition, EmgFamily, Margin, Participant, PressureFamily, Setup, Site,
};

use crate::args::SimulateVisit;
use crate::failure::{Attempt, Code, Failure};

pub(crate) fn run(args: &SimulateVisit) -> Result<ExitCode, Failure> {
    if args.gain <= 0.0 {
        return Err(Failure::new(Code::Other, anyhow!("the gain must be more than 0")));
    }
    let setup = Setup { gain: args.gain, ..args.device };
    let anatomy = if args.male { Anatomy::Male } else { Anatomy::Female };
    let person = Participant::draw(args.condition, anatomy, setup, Margin::Clear, args.seed)
        .map_err(|impossible| Failure::new(Code::Other, impossible))?;
    let programme = match &args.programme {
        Some(programme) => programme.clone(),
        None => {
            let id = if setup.pressure.is_some() { "first-visit" } else { "glazer" };
            programmes::built_in(id).ok_or_else(|| anyhow!("{id} is built in"))?
        }
    };
    let (signals, about) = put(&person, args.visit, &programme, &args.out)?;
    writeln!(
        stderr(),
        "levator assess {} --symptoms {} --programme {}",
        signals.display(),
        about.display(),
        programme.definition().id
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a visit and what is told of it into a folder, and names both files.
pub(crate) fn put(
    person: &Participant,
    number: u64,
    programme: &Programme,
    folder: &Path,
) -> Result<(PathBuf, PathBuf), Failure> {
    std::fs::create_dir_all(folder).attempt(Code::Recording, folder.display())?;
    let signals = folder.join("visit.csv");
    let about = folder.join("told.toml");
    write(&signals, |out| person.visit(number, programme).write_csv(out))?;
    write(&about, |out| out.write_all(told(person).as_bytes()))?;
    Ok((signals, about))
}

fn write(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<std::fs::File>) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let write = || {
        let mut out = BufWriter::new(std::fs::File::create_new(path)?);
        content(&mut out)?;
        out.flush()
    };
    write().attempt(Code::Recording, path.display())
}

/// What a person with a questionnaire would write down.
pub(crate) fn told(person: &Participant) -> String {
    let setup = person.setup;
    let device = match (setup.pressure, setup.emg) {
        (Some(family), _) => pressure_device(family),
        (None, Some(family)) => emg_device(family),
        (None, None) => "none",
    };
    let site = match setup.site() {
        Some(Site::Vaginal) | None => "vaginal",
        Some(Site::Anal) => "anal",
        Some(Site::Perianal) => "perianal",
    };
    let sex = match person.anatomy {
        Anatomy::Female => "female",
        Anatomy::Male => "male",
    };
    let state = match person.condition {
        Condition::PregnantHealthy | Condition::PregnantWeak => "pregnant = true\n",
        Condition::PostPartumHealthy | Condition::PostPartumWeak => {
            "births = 1\npregnant = false\nweeks_post_partum = 8\n"
        }
        _ => "births = 0\npregnant = false\n",
    };
    format!(
        "# Of a virtual person: {}, seed {}.\nformat = 1\nlift = {}\ninsertion_to_rest_s = 60\n\n[person]\n\
         sex = \"{sex}\"\nage_years = {:.0}\n{state}\n[device]\nname = \"{device}\"\n\
         site = \"{site}\"\ngain = {:?}\n",
        person.condition.name(),
        person.seed,
        person.lifts(),
        person.age_years,
        setup.gain
    )
}

/// The name that the references give to the device whose statistics the people have.
const fn pressure_device(family: PressureFamily) -> &'static str {
    match family {
        PressureFamily::Peritron => "peritron",
        PressureFamily::Camtech => "camtech",
        PressureFamily::Anorectal => "anorectal-pull-through",
    }
}

/// The same for EMG.
const fn emg_device(family: EmgFamily) -> &'static str {
    match family {
        EmgFamily::Oleksy => "oleksy-2020",
        EmgFamily::Kasper => "kasper-2025",
        EmgFamily::PerianalPatch => "perez-martinez-2008",
        EmgFamily::AnalProbe => "anal-probe",
    }
}
