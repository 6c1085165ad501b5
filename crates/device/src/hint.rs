//! What usually stands behind a USB identity.

/// Vendor, product (or any), and what they usually are.
///
/// # Source
///
/// Numbers as they stand in the public drivers and board files of these makers; a bridge chip is
/// named as such, because any device may stand behind it.
const HINTS: [(u16, Option<u16>, &str); 16] = [
    (0x2341, Some(0x0043), "Arduino UNO R3"),
    (0x2341, Some(0x0243), "Genuino UNO"),
    (0x2341, Some(0x0069), "Arduino UNO R4 Minima"),
    (0x2341, Some(0x1002), "Arduino UNO R4 WiFi"),
    (0x2341, Some(0x0266), "Arduino Giga R1"),
    (0x2341, None, "Arduino board"),
    (0x2A03, None, "Arduino board"),
    (0x1A86, Some(0x7523), "bridge chip CH340, as on many UNO clones"),
    (0x10C4, Some(0xEA60), "bridge chip CP210x, as on many ESP32 boards"),
    (0x0403, Some(0x6001), "bridge chip FT232"),
    (0x0403, Some(0x6015), "bridge chip FT231X or FT230X"),
    (0x0403, None, "bridge chip of FTDI"),
    (0x2E73, Some(0x0005), "Backyard Brains SpikerBox"),
    (0x2E73, None, "Backyard Brains device"),
    (0x2E8A, Some(0x00C0), "Raspberry Pi Pico with an Arduino sketch"),
    (0x2E8A, None, "Raspberry Pi Pico"),
];

/// What usually has this identity; exact products come before their vendor.
pub(crate) fn hint(vendor_id: u16, product_id: u16) -> Option<&'static str> {
    HINTS
        .iter()
        .find(|(vendor, product, _)| {
            *vendor == vendor_id && product.is_none_or(|product| product == product_id)
        })
        .map(|&(_, _, text)| text)
}

/// Vendor, product (or any), and names of devices in `docs/devices.md` that are often behind it, the most
/// frequent first. It ranks guesses and makes none.
///
/// # Source
///
/// The makers' board files, as for the hints above.
const RANKS: [(u16, Option<u16>, &[&str]); 9] = [
    (0x2341, Some(0x0069), &["chords-uno-r4"]),
    (0x2341, Some(0x1002), &["chords-uno-r4"]),
    (0x2341, None, &["chords-uno", "spikershield", "firmata", "text"]),
    (0x2A03, None, &["chords-uno", "spikershield", "firmata", "text"]),
    (0x1A86, Some(0x7523), &["chords-uno", "text"]),
    (0x10C4, Some(0xEA60), &["edge-o-matic", "text"]),
    (0x0403, Some(0x6015), &["cyton"]),
    (0x0403, None, &["cyton", "flexvolt"]),
    (0x2E73, None, &["spikershield"]),
];

/// What is often behind this identity, by the names of descriptions.
pub(crate) fn ranks(vendor_id: u16, product_id: u16) -> &'static [&'static str] {
    RANKS
        .iter()
        .find(|(vendor, product, _)| {
            *vendor == vendor_id && product.is_none_or(|product| product == product_id)
        })
        .map_or(&[], |&(_, _, names)| names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_hint_is_hidden_behind_an_earlier_one() {
        for (vendor, product, text) in HINTS {
            let product = product.unwrap_or(0xFFFE);
            assert_eq!(hint(vendor, product), Some(text));
        }
    }

    #[test]
    fn no_rank_is_hidden_behind_an_earlier_one() {
        for (vendor, product, names) in RANKS {
            assert_eq!(ranks(vendor, product.unwrap_or(0xFFFE)), names);
        }
        assert_eq!(ranks(0xFFFF, 0), [""; 0]);
    }

    #[test]
    fn an_unknown_identity_has_no_hint() {
        assert_eq!(hint(0xFFFF, 0x0043), None);
    }
}
