//! Engine settings as JSON: strict, and exact to the last bit of a number.

use levator_decode::{Label, MAX_CHANNELS, StreamInfo};
use levator_detect::manoeuvre::Role;
use levator_engine::{
    Begins, Conversation, Course, EmgBand, EngineConfig, Heart, KnownCalibration, RestGuard, Source,
};
use levator_programme::Millis;
use levator_signal::preset::Mains;
use levator_signal::{Calibration, ChannelId, SampleRate, SignalKind, Unit};
use serde_json::{Value, json};

use crate::header::{HeaderError, integer, object, refuse, text};

const CONVERSATIONS: [(Conversation, &str); 2] =
    [(Conversation::Lead, "lead"), (Conversation::Listen, "listen")];

const MAINS: [(Option<Mains>, &str); 3] =
    [(None, "off"), (Some(Mains::Hz50), "50"), (Some(Mains::Hz60), "60")];

const HEARTS: [(Heart, &str); 2] = [(Heart::Keep, "keep"), (Heart::Remove, "remove")];

/// JSON has no such numbers; they are written as texts. Not valid in any setting, but a recording
/// gives back what it was given.
const NOT_FINITE: [(f64, &str); 3] =
    [(f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf"), (f64::NAN, "nan")];

/// A key that is there only where something is known.
const CALIBRATIONS: &str = "calibrations";

pub(crate) fn to_value(config: &EngineConfig) -> Value {
    let EngineConfig {
        source,
        emg_band,
        mains,
        heart,
        pressure_unit,
        roles,
        calibrations,
        course,
        // Of marks in somebody else's file.
        schedule: _,
        max_channel_count,
        max_rate_hz,
    } = config;
    let roles =
        roles.iter().map(|(id, role)| json!([id.stream, id.channel, name(&Role::NAMES, role)]));
    let mut value = json!({
        "emg_band": name(&EmgBand::NAMES, emg_band),
        "heart": name(&HEARTS, heart),
        "mains": name(&MAINS, mains),
        "max_channel_count": max_channel_count,
        "max_rate_hz": number_to_value(*max_rate_hz),
        "pressure_unit": pressure_unit.map(Unit::symbol),
        "programme": course.as_ref().map(course_to_value),
        "roles": roles.collect::<Value>(),
        "source": match source {
            Source::Foreign { conversation, description } => json!({ "foreign": {
                "conversation": name(&CONVERSATIONS, conversation),
                "description": description.text,
            } }),
            Source::Device { conversation } => {
                json!({ "device": { "conversation": name(&CONVERSATIONS, conversation) } })
            }
            Source::Scans(stream) => json!({ "scans": stream_to_value(stream) }),
        },
    });
    // Left out where nothing is known: so is most of the world.
    if !calibrations.is_empty() {
        value[CALIBRATIONS] = calibrations.iter().map(known_to_value).collect();
    }
    value
}

/// The settings of a header of this version. What an older one did not know was not done then.
pub(crate) fn from_value(value: &Value, format: u16) -> Result<EngineConfig, HeaderError> {
    // Those of version 1, of version 2, of version 3.
    const FIRST: [&str; 5] = ["source", "emg_band", "mains", "max_channel_count", "max_rate_hz"];
    const SECOND: [&str; 3] = ["heart", "pressure_unit", "roles"];
    const THIRD: [&str; 1] = ["programme"];
    let [a, b, c, d, e] = FIRST;
    let [f, g, h] = SECOND;
    let [i] = THIRD;
    let mut known = Vec::new();
    let (first, second, third) = match format {
        1 => (object(value, "config", FIRST)?, [None; 3], None),
        2 => {
            let [a, b, c, d, e, f, g, h] = object(value, "config", [a, b, c, d, e, f, g, h])?;
            ([a, b, c, d, e], [Some(f), Some(g), Some(h)], None)
        }
        _ => {
            let keys = [a, b, c, d, e, f, g, h, i];
            let all = match value.get(CALIBRATIONS).filter(|_| format >= 4) {
                None => object(value, "config", keys)?,
                Some(values) => {
                    known = known_from_value(values)?;
                    let [a, b, c, d, e, f, g, h, i] = keys;
                    let keys = [a, b, c, d, e, f, g, h, i, CALIBRATIONS];
                    let [all @ .., _] = object(value, "config", keys)?;
                    all
                }
            };
            let [a, b, c, d, e, f, g, h, i] = all;
            ([a, b, c, d, e], [Some(f), Some(g), Some(h)], Some(i))
        }
    };
    let [source, emg_band, mains, max_channel_count, max_rate_hz] = first;
    let [heart, pressure_unit, roles] = second;
    let source = if let Ok([device]) = object(source, "config.source", ["device"]) {
        let [conversation] = object(device, "config.source.device", ["conversation"])?;
        let field = "config.source.device.conversation";
        Source::Device { conversation: named(&CONVERSATIONS, conversation, field)? }
    } else if let (true, Ok([foreign])) =
        (format >= 4, object(source, "config.source", ["foreign"]))
    {
        let field = "config.source.foreign";
        let [conversation, text_of] = object(foreign, field, ["conversation", "description"])?;
        let conversation =
            named(&CONVERSATIONS, conversation, "config.source.foreign.conversation")?;
        let field = "config.source.foreign.description";
        let Ok(device) = levator_catalog::devices::parse(text(text_of, field)?) else {
            return refuse(field, "a description of a device");
        };
        Source::Foreign { conversation, description: Box::new(device.description) }
    } else {
        let [scans] = object(source, "config.source", ["scans"])?;
        Source::Scans(Box::new(stream_from_value(scans)?))
    };
    Ok(EngineConfig {
        source,
        emg_band: named(&EmgBand::NAMES, emg_band, "config.emg_band")?,
        mains: named(&MAINS, mains, "config.mains")?,
        heart: heart.map_or(Ok(Heart::Keep), |heart| named(&HEARTS, heart, "config.heart"))?,
        pressure_unit: match pressure_unit {
            None | Some(Value::Null) => None,
            Some(unit) => Some(unit_from_value(unit, "config.pressure_unit")?),
        },
        roles: roles.map_or(Ok(Vec::new()), roles_from_value)?,
        calibrations: known,
        course: match third {
            None | Some(Value::Null) => None,
            Some(course) => Some(course_from_value(course)?),
        },
        schedule: None,
        max_channel_count: integer(max_channel_count, "config.max_channel_count")?,
        max_rate_hz: number(max_rate_hz, "config.max_rate_hz")?,
    })
}

fn known_to_value(known: &KnownCalibration) -> Value {
    let KnownCalibration { uid, channel, calibration, unit, reference, made_unix_s } = known;
    json!({
        "channel": channel.channel,
        "made_unix_s": made_unix_s,
        "offset_counts": number_to_value(calibration.offset_counts),
        "reference": number_to_value(*reference),
        "scale": number_to_value(calibration.scale),
        "stream": channel.stream,
        "uid": uid,
        "unit": unit.symbol(),
    })
}

fn known_from_value(value: &Value) -> Result<Vec<KnownCalibration>, HeaderError> {
    const FIELD: &str = "config.calibrations";
    const KEYS: [&str; 8] =
        ["channel", "made_unix_s", "offset_counts", "reference", "scale", "stream", "uid", "unit"];
    let Some(values) = value.as_array() else { return refuse(FIELD, "a list") };
    let one = |value: &Value| {
        let [channel, made, offset, reference, scale, stream, uid, unit] =
            object(value, FIELD, KEYS)?;
        let bytes = uid.as_array().filter(|bytes| bytes.len() == 8);
        let Some(bytes) = bytes else { return refuse(FIELD, "of a device with 8 bytes") };
        let mut uid = [0; 8];
        for (byte, value) in uid.iter_mut().zip(bytes) {
            *byte = integer(value, FIELD)?;
        }
        Ok(KnownCalibration {
            uid,
            channel: ChannelId {
                stream: integer(stream, FIELD)?,
                channel: integer(channel, FIELD)?,
            },
            calibration: Calibration {
                scale: number(scale, FIELD)?,
                offset_counts: number(offset, FIELD)?,
            },
            unit: unit_from_value(unit, FIELD)?,
            reference: number(reference, FIELD)?,
            made_unix_s: integer(made, FIELD)?,
        })
    };
    values.iter().map(one).collect()
}

/// The programme as the text of a file, so that everybody can read what was asked for; its stamp proves
/// that reading it gives the same programme.
fn course_to_value(course: &Course) -> Value {
    let begins = match course.begins {
        Begins::WithSignal(after) => json!({ "after_ms": after.0 }),
        Begins::OnCommand => json!("on-command"),
    };
    json!({
        "begins": begins,
        "rest_guard": course.rest_guard.map(|guard| {
            json!({ "in_a_row": guard.in_a_row, "ratio": number_to_value(guard.ratio) })
        }),
        "stamp": course.programme.stamp().to_string(),
        "text": levator_catalog::programmes::to_toml(course.programme.definition()),
    })
}

fn course_from_value(value: &Value) -> Result<Course, HeaderError> {
    let [begins, rest_guard, stamp, source] =
        object(value, "config.programme", ["begins", "rest_guard", "stamp", "text"])?;
    let rest_guard = match rest_guard {
        Value::Null => None,
        guard => {
            const FIELD: &str = "config.programme.rest_guard";
            let [in_a_row, ratio] = object(guard, FIELD, ["in_a_row", "ratio"])?;
            Some(RestGuard { ratio: number(ratio, FIELD)?, in_a_row: integer(in_a_row, FIELD)? })
        }
    };
    let begins = if begins.as_str() == Some("on-command") {
        Begins::OnCommand
    } else {
        let [after] = object(begins, "config.programme.begins", ["after_ms"])?;
        Begins::WithSignal(Millis(integer(after, "config.programme.begins.after_ms")?))
    };
    let source = text(source, "config.programme.text")?;
    let Ok(programme) = levator_catalog::programmes::parse(source) else {
        return refuse("config.programme.text", "a programme");
    };
    if programme.stamp().to_string() != text(stamp, "config.programme.stamp")? {
        return refuse("config.programme.stamp", "that of the text");
    }
    Ok(Course { programme, begins, rest_guard })
}

fn stream_to_value(info: &StreamInfo) -> Value {
    let StreamInfo {
        stream,
        epoch,
        kind,
        unit,
        rate,
        channel_count,
        rails,
        device_delay_s,
        calibrations,
        label,
    } = info;
    let calibrations = calibrations.iter().map(|&Calibration { scale, offset_counts }| {
        json!([number_to_value(scale), number_to_value(offset_counts)])
    });
    json!({
        "calibrations": calibrations.collect::<Value>(),
        "channel_count": channel_count,
        "device_delay_s": number_to_value(*device_delay_s),
        "epoch": epoch,
        "kind": kind.name(),
        "label": label.as_str(),
        "rails": rails.map(|(low, high)| json!([number_to_value(low), number_to_value(high)])),
        "rate": { "scans": rate.scans(), "seconds": rate.seconds() },
        "stream": stream,
        "unit": unit.symbol(),
    })
}

fn stream_from_value(value: &Value) -> Result<StreamInfo, HeaderError> {
    const KEYS: [&str; 10] = [
        "stream",
        "epoch",
        "kind",
        "unit",
        "rate",
        "channel_count",
        "rails",
        "device_delay_s",
        "calibrations",
        "label",
    ];
    let [stream, epoch, kind, unit, rate, channel_count, rails, delay, calibrations, label] =
        object(value, "scans", KEYS)?;
    let [scans, seconds] = object(rate, "scans.rate", ["scans", "seconds"])?;
    let (scans, seconds) =
        (integer(scans, "scans.rate.scans")?, integer(seconds, "scans.rate.seconds")?);
    let label_text = text(label, "scans.label")?;
    let label = Label::new(label_text);
    if label.as_str() != label_text {
        return refuse("scans.label", "at most 32 bytes long");
    }
    Ok(StreamInfo {
        stream: integer(stream, "scans.stream")?,
        epoch: integer(epoch, "scans.epoch")?,
        kind: SignalKind::from_name(text(kind, "scans.kind")?)
            .map_or(refuse("scans.kind", "a kind of signal"), Ok)?,
        unit: unit_from_value(unit, "scans.unit")?,
        rate: SampleRate::new(scans, seconds).map_or(refuse("scans.rate", "a rate"), Ok)?,
        channel_count: integer(channel_count, "scans.channel_count")?,
        rails: match rails {
            Value::Null => None,
            rails => Some(pair(rails, "scans.rails")?),
        },
        device_delay_s: number(delay, "scans.device_delay_s")?,
        calibrations: calibrations_from_value(calibrations)?,
        label,
    })
}

fn roles_from_value(value: &Value) -> Result<Vec<(ChannelId, Role)>, HeaderError> {
    const FIELD: &str = "config.roles";
    let Some(values) = value.as_array() else { return refuse(FIELD, "a list") };
    let role = |value: &Value| match value.as_array().map(Vec::as_slice) {
        Some([stream, channel, role]) => {
            let id =
                ChannelId { stream: integer(stream, FIELD)?, channel: integer(channel, FIELD)? };
            Ok((id, named(&Role::NAMES, role, FIELD)?))
        }
        _ => refuse(FIELD, "a list of stream, channel and role"),
    };
    values.iter().map(role).collect()
}

fn unit_from_value(value: &Value, field: &'static str) -> Result<Unit, HeaderError> {
    Unit::from_symbol(text(value, field)?).map_or(refuse(field, "a unit"), Ok)
}

fn calibrations_from_value(value: &Value) -> Result<[Calibration; MAX_CHANNELS], HeaderError> {
    const FIELD: &str = "scans.calibrations";
    let Some(values) = value.as_array().filter(|values| values.len() == MAX_CHANNELS) else {
        return refuse(FIELD, "a list of 16");
    };
    let mut calibrations = [Calibration::IDENTITY; MAX_CHANNELS];
    for (calibration, value) in calibrations.iter_mut().zip(values) {
        let (scale, offset_counts) = pair(value, FIELD)?;
        *calibration = Calibration { scale, offset_counts };
    }
    Ok(calibrations)
}

fn name<T: PartialEq>(names: &[(T, &'static str)], value: &T) -> &'static str {
    let found = names.iter().find(|(named, _)| named == value);
    found.map(|(_, name)| *name).expect("the tables name every variant")
}

fn named<T: Copy>(
    names: &[(T, &'static str)],
    value: &Value,
    field: &'static str,
) -> Result<T, HeaderError> {
    let wanted = text(value, field)?;
    let found = names.iter().find(|(_, name)| *name == wanted);
    found.map_or(refuse(field, "a known name"), |(value, _)| Ok(*value))
}

fn number_to_value(number: f64) -> Value {
    match serde_json::Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None => NOT_FINITE
            .iter()
            .find(|(value, _)| value.total_cmp(&number).is_eq())
            .map_or("nan", |(_, name)| name)
            .into(),
    }
}

fn number(value: &Value, field: &'static str) -> Result<f64, HeaderError> {
    match value {
        Value::String(_) => named(&NOT_FINITE, value, field),
        _ => value.as_f64().map_or(refuse(field, "a number"), Ok),
    }
}

fn pair(value: &Value, field: &'static str) -> Result<(f64, f64), HeaderError> {
    match value.as_array().map(Vec::as_slice) {
        Some([first, second]) => Ok((number(first, field)?, number(second, field)?)),
        _ => refuse(field, "a pair of numbers"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::block::FORMAT_VERSION;

    /// Compares as text, because it shows the sign of zero and takes one NaN for another.
    fn assert_comes_back(config: &EngineConfig) {
        let json = to_value(config).to_string();
        let value: Value = serde_json::from_str(&json).expect("our own JSON");
        let back = from_value(&value, FORMAT_VERSION).expect("our own settings");
        assert_eq!(format!("{back:?}"), format!("{config:?}"), "{json}");
    }

    fn stream(numbers: [f64; 4]) -> StreamInfo {
        let rate = SampleRate::new(2048, 3).expect("not zero");
        let mut stream = StreamInfo::of_values(SignalKind::Pressure, Unit::Hectopascal, rate, 2);
        let [scale, offset_counts, low, delay] = numbers;
        stream.calibrations[1] = Calibration { scale, offset_counts };
        stream.rails = Some((low, offset_counts));
        stream.device_delay_s = delay;
        stream.label = Label::new("Beckenbodendruck, ganz lang ööö");
        stream
    }

    #[test]
    fn every_choice_comes_back() {
        for (emg_band, _) in EmgBand::NAMES {
            for (mains, _) in MAINS {
                for (conversation, _) in CONVERSATIONS {
                    for (heart, _) in HEARTS {
                        let source = Source::Device { conversation };
                        let device = EngineConfig::device();
                        let config = EngineConfig { source, emg_band, mains, heart, ..device };
                        assert_comes_back(&config);
                    }
                }
            }
        }
        for unit in Unit::ALL {
            let info = StreamInfo { unit, rails: None, ..stream([1.0; 4]) };
            assert_comes_back(&EngineConfig::scans(info));
            let pressure_unit = Some(unit);
            assert_comes_back(&EngineConfig { pressure_unit, ..EngineConfig::device() });
        }
        for name in ["emg", "emg-envelope", "pressure", "other"] {
            let kind = SignalKind::from_name(name).expect("a kind");
            assert_comes_back(&EngineConfig::scans(StreamInfo { kind, ..stream([1.0; 4]) }));
        }
    }

    #[test]
    fn a_device_of_others_comes_back_and_is_unknown_to_older_versions() {
        for (id, text) in levator_catalog::devices::BUILT_IN {
            let device = levator_catalog::devices::built_in(id).expect("built in");
            let description = Box::new(device.description);
            let source = Source::Foreign { conversation: Conversation::Lead, description };
            let config = EngineConfig { source, ..EngineConfig::device() };
            assert_comes_back(&config);
            let mut value = to_value(&config);
            assert_eq!(value["source"]["foreign"]["description"], *text);
            assert_eq!(from_value(&value, 3).expect_err("later").field, "config.source");
            value["source"]["foreign"]["description"] = "id = 1".into();
            let refused = from_value(&value, FORMAT_VERSION).expect_err("no description");
            assert_eq!(refused.field, "config.source.foreign.description");
        }
    }

    #[test]
    fn calibrations_come_back_and_are_unknown_to_older_versions() {
        let known = |scale, unit| KnownCalibration {
            uid: [0, 1, 2, 3, 4, 5, 6, 255],
            channel: ChannelId { stream: 7, channel: 15 },
            calibration: Calibration { scale, offset_counts: -1.5e6 },
            unit,
            reference: 40.0,
            made_unix_s: 1_790_000_000,
        };
        let calibrations = vec![known(1e-4, Unit::CentimetreWater), known(-0.5, Unit::Microvolt)];
        let config = EngineConfig { calibrations, ..EngineConfig::device() };
        assert_comes_back(&config);
        assert!(to_value(&EngineConfig::device()).get("calibrations").is_none());
        let mut value = to_value(&config);
        assert_eq!(from_value(&value, 3).expect_err("later").field, "config");
        value["calibrations"][0]["uid"] = json!([1, 2, 3]);
        let refused = from_value(&value, FORMAT_VERSION).expect_err("no device");
        assert_eq!(refused.field, "config.calibrations");
    }

    #[test]
    fn what_version_1_did_not_know_was_not_done() {
        let mut value = to_value(&EngineConfig::device());
        assert_eq!(from_value(&value, 1).expect_err("not its keys").field, "config");
        let map = value.as_object_mut().expect("an object");
        assert!(map.remove("programme").is_some());
        assert_eq!(from_value(&value, 3).expect_err("not its keys").field, "config");
        assert!(from_value(&value, 2).expect("the keys of version 2").course.is_none());
        let map = value.as_object_mut().expect("an object");
        for key in ["heart", "pressure_unit", "roles"] {
            assert!(map.remove(key).is_some());
        }
        let config = from_value(&value, 1).expect("the keys of version 1");
        assert_eq!((config.heart, config.pressure_unit), (Heart::Keep, None));
        assert_eq!(from_value(&value, 2).expect_err("not its keys").field, "config");
    }

    #[test]
    fn a_programme_comes_back_and_one_with_another_stamp_is_refused() {
        for begins in [Begins::OnCommand, Begins::WithSignal(Millis(1500))] {
            for (id, _) in levator_catalog::programmes::BUILT_IN {
                let programme = levator_catalog::programmes::built_in(id).expect("built in");
                let rest_guard =
                    (begins == Begins::OnCommand).then_some(RestGuard { ratio: 1.4, in_a_row: 3 });
                let course = Some(Course { programme, begins, rest_guard });
                let config = EngineConfig { course, ..EngineConfig::device() };
                let back = from_value(&to_value(&config), FORMAT_VERSION).expect("our own");
                let [back, course] = [back.course, config.course].map(|one| one.expect("there"));
                assert_eq!(back.begins, course.begins);
                assert_eq!(back.rest_guard, course.rest_guard);
                assert_eq!(back.programme.stamp(), course.programme.stamp());
                let mut value =
                    to_value(&EngineConfig { course: Some(course), ..EngineConfig::device() });
                let stamp = "0".repeat(64);
                value["programme"]["stamp"] = stamp.into();
                let refused = from_value(&value, FORMAT_VERSION).expect_err("another stamp");
                assert_eq!(refused.field, "config.programme.stamp");
            }
        }
    }

    #[test]
    fn roles_come_back_and_unknown_ones_are_refused() {
        let id = |stream, channel| ChannelId { stream, channel };
        let roles = Role::NAMES.iter().enumerate();
        let roles = roles.map(|(at, (role, _))| (id(at as u8, 3), *role)).collect();
        let config = EngineConfig { roles, ..EngineConfig::device() };
        assert_comes_back(&config);
        let mut value = to_value(&config);
        value["roles"][2][2] = "gluteal".into();
        assert_eq!(from_value(&value, FORMAT_VERSION).expect_err("unknown").field, "config.roles");
    }

    #[test]
    fn numbers_that_json_lacks_come_back() {
        let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0];
        assert_comes_back(&EngineConfig::scans(stream(odd)));
    }

    #[test]
    fn a_label_that_would_be_cut_is_refused() {
        let mut value = to_value(&EngineConfig::scans(stream([1.0; 4])));
        value["source"]["scans"]["label"] = "123456789 123456789 123456789 123".into();
        assert_eq!(
            from_value(&value, FORMAT_VERSION),
            refuse("scans.label", "at most 32 bytes long")
        );
    }

    proptest! {
        #[test]
        fn every_number_comes_back_to_the_last_bit(bits in any::<[u64; 4]>(), rate in any::<u64>()) {
            let config = EngineConfig {
                max_rate_hz: f64::from_bits(rate),
                ..EngineConfig::scans(stream(bits.map(f64::from_bits)))
            };
            assert_comes_back(&config);
        }
    }
}
