//! Sizes as people write them: a whole number and a unit.

const UNITS: [(&str, u64); 10] = [
    ("", 1),
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// A number of bytes such as `65536`, `64KiB` or `10 GB`.
pub fn parse_bytes(text: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(text)?;
    let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*unit)
}

/// `1.5 MiB`: three digits or so, for people.
pub fn render_bytes(bytes: u64) -> String {
    let binary = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let unit = binary.into_iter().find(|(_, bits)| bytes >> bits > 0);
    let Some((unit, bits)) = unit else {
        return format!("{bytes} B");
    };
    let whole = bytes >> bits;
    // Tenths, cut off: what is shown is not more than there is.
    let rest = (bytes - (whole << bits)) >> (bits - 10);
    let tenths = (rest * 10) >> 10;
    if whole >= 100 || tenths == 0 {
        format!("{whole} {unit}")
    } else {
        format!("{whole}.{tenths} {unit}")
    }
}

/// Splits `10 GiB`; a number alone has the empty unit.
pub fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let digits = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_binary_and_decimal_units() {
        assert_eq!(parse_bytes("65536"), Some(65_536));
        assert_eq!(parse_bytes("64MiB"), Some(64 << 20));
        assert_eq!(parse_bytes(" 64 MB "), Some(64_000_000));
        assert_eq!(parse_bytes("2TiB"), Some(2 << 40));
        for wrong in ["", "-1", "1.5MiB", "64M", "MiB", "99999999999GiB"] {
            assert_eq!(parse_bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_are_shown_in_few_digits() {
        let shown: Vec<String> = [0, 1023, 1024, 1536, 150 << 20, (10 << 30) - 1, u64::MAX]
            .into_iter()
            .map(render_bytes)
            .collect();
        assert_eq!(
            shown,
            [
                "0 B",
                "1023 B",
                "1 KiB",
                "1.5 KiB",
                "150 MiB",
                "9.9 GiB",
                "16777215 TiB"
            ]
        );
    }
}
