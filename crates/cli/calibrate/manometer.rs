//! A manometer on a port of its own.

use anyhow::anyhow;
use levator_device::{Port, PortSettings, SerialPort};
use levator_signal::Unit;

use crate::failure::{Code, Failure};

/// A manometer that prints its readings.
pub(super) struct Manometer {
    port: SerialPort,
    line: Vec<u8>,
    /// Pascal.
    readings: Vec<f64>,
}

impl Manometer {
    pub(super) fn open(name: &str, baud: u32) -> Result<Self, Failure> {
        let settings = PortSettings { baud, ..PortSettings::new(name) };
        let port = SerialPort::open(&settings).map_err(|error| Failure::new(Code::Port, error))?;
        Ok(Self { port, line: Vec::new(), readings: Vec::new() })
    }

    /// What it said before counts no more.
    pub(super) fn forget(&mut self) {
        self.line.clear();
        self.readings.clear();
    }

    pub(super) fn listen(&mut self) -> Result<(), Failure> {
        let mut buffer = [0; 256];
        let read =
            self.port.read(&mut buffer).map_err(|error| Failure::new(Code::Device, error))?;
        for &byte in &buffer[..read] {
            if byte == b'\n' {
                self.readings.extend(reading(&String::from_utf8_lossy(&self.line)));
                self.line.clear();
            } else if self.line.len() < 256 {
                self.line.push(byte);
            }
        }
        Ok(())
    }

    pub(super) fn mean(self) -> Result<(f64, Unit), Failure> {
        let count = self.readings.len();
        if count < 3 {
            let error = anyhow!(
                "the manometer on {} gave {count} readings: it has to print a number a line, with or \
                 without its unit, at --manometer-baud",
                self.port.name()
            );
            return Err(Failure::new(Code::Device, error));
        }
        let mean = self.readings.iter().sum::<f64>() / count as f64;
        if mean <= 0.0 {
            let error =
                anyhow!("the manometer reads {:.2} cmH2O: is it on the same tube?", mean / 98.0665);
            return Err(Failure::new(Code::Signal, error));
        }
        Ok((mean, Unit::Pascal))
    }
}

/// Pascal of a line such as `40.2 cmH2O`, `p: 3.9kPa` or `40.2`; nothing if it has no number or another
/// unit than one of pressure.
fn reading(line: &str) -> Option<f64> {
    let start = line.find(|c: char| c.is_ascii_digit())?;
    let is_below = line[..start].ends_with('-');
    let rest = &line[start..];
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let value: f64 = rest[..end].parse().ok()?;
    let word = rest[end..].split_whitespace().next().unwrap_or("");
    let unit = if word.is_empty() { Some(Unit::CentimetreWater) } else { Unit::from_symbol(word) };
    let pascal = unit?.convert(value, Unit::Pascal)?;
    Some(if is_below { -pascal } else { pascal })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manometers_are_read_in_the_ways_they_print() {
        let close = |line: &str, pascal: f64| {
            assert!(reading(line).is_some_and(|value| (value - pascal).abs() < 1e-6), "{line}");
        };
        close("40", 40.0 * 98.0665);
        close("p: 3.9kPa\r", 3900.0);
        close("-2.5 hPa", -250.0);
        for line in ["", "ready", "12 V", "3 furlong"] {
            assert_eq!(reading(line), None, "{line}");
        }
    }
}
