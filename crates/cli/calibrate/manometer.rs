//! A manometer on a port of its own.

use anyhow::anyhow;
use levator_device::{Port, PortSettings, SerialPort};
use levator_signal::Unit;

use crate::failure::{Code, Failure};

/// Longest line that is read, bytes.
const LONGEST_LINE: usize = 256;
/// Most bytes that a system keeps for a port nobody reads, about.
const MOST_WAITING: usize = 1 << 17;

/// A manometer that prints its readings.
pub(super) struct Manometer {
    port: SerialPort,
    line: Vec<u8>,
    /// Up to the next line: its beginning was not heard, or it is too long.
    is_skipping: bool,
    /// Pascal.
    readings: Vec<f64>,
}

impl Manometer {
    pub(super) fn open(name: &str, baud: u32) -> Result<Self, Failure> {
        let settings = PortSettings { baud, ..PortSettings::new(name) };
        let port = SerialPort::open(&settings).map_err(|error| Failure::new(Code::Port, error))?;
        Ok(Self { port, line: Vec::new(), is_skipping: true, readings: Vec::new() })
    }

    /// What it said before counts no more: what was read, what waits in the port, and the line that is
    /// under way, which was begun under another pressure.
    pub(super) fn forget(&mut self) -> Result<(), Failure> {
        // A manometer that never pauses is heard all the same.
        let mut left = MOST_WAITING;
        while left > 0 {
            match self.read()? {
                0 => break,
                read => left = left.saturating_sub(read),
            }
        }
        self.line.clear();
        self.readings.clear();
        self.is_skipping = true;
        Ok(())
    }

    pub(super) fn listen(&mut self) -> Result<(), Failure> {
        self.read().map(|_| ())
    }

    /// How many bytes came.
    fn read(&mut self) -> Result<usize, Failure> {
        let mut buffer = [0; 256];
        let read =
            self.port.read(&mut buffer).map_err(|error| Failure::new(Code::Device, error))?;
        self.hear(&buffer[..read]);
        Ok(read)
    }

    fn hear(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte == b'\n' {
                if !std::mem::take(&mut self.is_skipping) {
                    self.readings.extend(reading(&String::from_utf8_lossy(&self.line)));
                }
                self.line.clear();
            } else if self.line.len() < LONGEST_LINE {
                self.line.push(byte);
            } else {
                // Half a number is another number.
                self.is_skipping = true;
            }
        }
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

    #[cfg(unix)]
    #[test]
    fn half_a_line_and_what_waited_are_no_readings() {
        use levator_simulate::PseudoTerminal;

        let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
        let mut manometer = Manometer::open(terminal.port_name(), 9600).expect("free");
        // Half a line, as when it was opened in the middle of one.
        manometer.hear(b"0.2 kPa\n4 kPa\n");
        assert_eq!(manometer.readings, [4000.0]);
        // What was said while the pressure rose waits in the port, and the last line is under way.
        terminal.write(b"1 kPa\n2 kPa\n3.9").expect("there is room");
        manometer.forget().expect("it stays");
        manometer.hear(b"5 kPa\n4 kPa\n");
        assert_eq!(manometer.readings, [4000.0]);
        // A line without an end is none, wherever it is cut.
        manometer.hear("1".repeat(300).as_bytes());
        manometer.hear(b"\n4 kPa\n");
        assert_eq!(manometer.readings, [4000.0, 4000.0]);
    }
}
