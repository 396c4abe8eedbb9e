//! Times as text, in and out: strict RFC 3339 in, short words out. No clock, no locale.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeDelta, Timelike, Utc};
use serde::{Deserialize, Serialize};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Reads an instant as RFC 3339 §5.6 writes it, zone included, and gives it exactly: a time without zone, a date
/// that is in no calendar, a leap second and more than nine digits of a second are refused, not guessed at.
///
/// # Errors
/// What is wrong, in words that fit after the name of a field.
pub fn parse_instant(text: &str) -> Result<DateTime<Utc>, String> {
    let shape = || "must be a time like 2026-11-25T09:14:00Z or 2026-11-25T10:14:00+01:00".to_owned();
    let bytes = text.as_bytes();
    let fixed = bytes.len() >= 19
        && text.is_ascii()
        && bytes[..19].iter().zip(b"0000-00-00T00:00:00").all(|(found, wanted)| match wanted {
            b'0' => found.is_ascii_digit(),
            b'T' => matches!(found, b'T' | b't'),
            _ => found == wanted,
        });
    if !fixed {
        return Err(shape());
    }
    let part = |from: usize, to: usize| text[from..to].parse::<u32>().map_err(|_| shape());
    let (nanos, zone) = fraction(&text[19..]).ok_or_else(shape)?;
    let offset = offset(zone)?;
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let date = i32::try_from(year)
        .ok()
        .and_then(|year| NaiveDate::from_ymd_opt(year, month, day))
        .ok_or("names a day that is in no calendar")?;
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    if second == 60 {
        return Err("names a leap second, which no clock here keeps".to_owned());
    }
    let local = date.and_hms_nano_opt(hour, minute, second, nanos).ok_or("names a time that is on no clock")?;
    let instant = local
        .checked_sub_signed(TimeDelta::seconds(i64::from(offset.local_minus_utc())))
        .map(|utc| utc.and_utc())
        .filter(|utc| (0..=9999).contains(&utc.year()))
        .ok_or("is outside the years 0000 to 9999")?;
    Ok(instant)
}

/// Takes the fraction of a second off the front: nanoseconds, and what follows.
fn fraction(rest: &str) -> Option<(u32, &str)> {
    let Some(rest) = rest.strip_prefix('.') else {
        return Some((0, rest));
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=9).contains(&digits) {
        return None;
    }
    let nanos = format!("{:0<9}", &rest[..digits]).parse().ok()?;
    Some((nanos, &rest[digits..]))
}

fn offset(zone: &str) -> Result<FixedOffset, String> {
    if zone.is_empty() {
        return Err("has no time zone: end it with Z or an offset like +01:00".to_owned());
    }
    if matches!(zone, "Z" | "z") {
        return Ok(FixedOffset::east_opt(0).expect("zero is an offset"));
    }
    let bytes = zone.as_bytes();
    let number = |from: usize| zone.get(from..from + 2).and_then(|digits| digits.parse::<i32>().ok());
    let seconds = match (bytes, number(1), number(4)) {
        ([sign @ (b'+' | b'-'), h1, h2, b':', m1, m2], Some(hours @ 0..24), Some(minutes @ 0..60))
            if [h1, h2, m1, m2].iter().all(|digit| digit.is_ascii_digit()) =>
        {
            let seconds = hours * 3600 + minutes * 60;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    };
    seconds
        .and_then(FixedOffset::east_opt)
        .ok_or_else(|| "has a time zone that is neither Z nor like +01:00".to_owned())
}

/// A length of time in short words, rounded down: `40 s`, `12 m`, `1 h 58 m`, from a day on `31 h`, above 72 hours
/// `5 d`. Below zero it is `0 s`.
pub fn span(seconds: i64) -> String {
    let (hours, minutes) = (seconds / HOUR, seconds % HOUR / MINUTE);
    match seconds {
        ..0 => "0 s".to_owned(),
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{minutes} m"),
        HOUR..DAY if minutes > 0 => format!("{hours} h {minutes} m"),
        HOUR..=259_200 => format!("{hours} h"),
        _ => format!("{} d", seconds / DAY),
    }
}

/// How long ago, in short words; `just now` below five seconds, and for what a fast clock puts in the future.
pub fn ago(seconds: i64) -> String {
    if seconds < 5 { "just now".to_owned() } else { format!("{} ago", span(seconds)) }
}

/// How much time a pending action has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeLeft {
    /// Four hours or more, or no deadline at all.
    Calm,
    /// Less than four hours.
    Soon,
    /// Less than two hours.
    Now,
    /// None: at the deadline itself it is over.
    Past,
}

impl TimeLeft {
    /// For `seconds` until the deadline.
    pub const fn of(seconds: i64) -> Self {
        match seconds {
            ..=0 => Self::Past,
            1..7_200 => Self::Now,
            7_200..14_400 => Self::Soon,
            _ => Self::Calm,
        }
    }

    /// The word for style and wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Soon => "soon",
            Self::Now => "now",
            Self::Past => "past",
        }
    }
}

/// An instant for people, to the minute: `2026-11-25 09:14 UTC`.
pub fn instant(at: DateTime<Utc>) -> String {
    format!("{:04}-{:02}-{:02} {:02}:{:02} UTC", at.year(), at.month(), at.day(), at.hour(), at.minute())
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> String {
        parse_instant(text).expect(text).to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }

    #[test]
    fn instants_are_exact() {
        assert_eq!(utc("2026-11-25T09:14:00Z"), "2026-11-25T09:14:00Z");
        assert_eq!(utc("2026-11-25T09:14:00+05:30"), "2026-11-25T03:44:00Z");
        assert_eq!(utc("2026-01-01T00:30:00+01:00"), "2025-12-31T23:30:00Z");
        assert_eq!(utc("2026-11-25t09:14:00.5z"), "2026-11-25T09:14:00.500Z");
        assert_eq!(utc("2026-11-25T09:14:00.123456789-00:00"), "2026-11-25T09:14:00.123456789Z");
        assert_eq!(utc("2028-02-29T23:59:59-23:59"), "2028-03-01T23:58:59Z");
        assert_eq!(utc("0000-01-01T00:00:00Z"), "0000-01-01T00:00:00Z");
        assert_eq!(utc("9999-12-31T23:59:59Z"), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        let bad = [
            "2026-11-25T09:14:00",
            "2026-11-25",
            "2026-11-25 09:14:00Z",
            "2027-02-30T00:00:00Z",
            "2027-02-29T00:00:00Z",
            "9999-12-31T23:59:60Z",
            "2016-12-31T23:59:60Z",
            "292277-01-01T00:00:00Z",
            "+292277-01-01T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-10T00:00:00Z",
            "2026-11-25T24:00:00Z",
            "2026-11-25T09:60:00Z",
            "2026-11-25T09:14:61Z",
            "2026-11-25T09:14Z",
            "2026-11-25T09:14:00+0530",
            "2026-11-25T09:14:00+05",
            "2026-11-25T09:14:00+24:00",
            "2026-11-25T09:14:00+05:60",
            "2026-11-25T09:14:00 Z",
            "2026-11-25T09:14:00.Z",
            "2026-11-25T09:14:00.1234567890Z",
            "2026-11-25T09:14:00ZZ",
            " 2026-11-25T09:14:00Z",
            "2026-11-25T09:14:00Z\n",
            "",
            "now",
            "1764062040",
            "2026-W48-3T09:14:00Z",
            "２０２６-11-25T09:14:00Z",
            "2026-11-25T09:14:00+é",
            "2026-11-25T09:14:00++1:00",
            "2026-11-25T09:14:00+0a:00",
            "-001-01-01T00:00:00Z",
            "2026-11-25T09:14:00,5Z",
            "2026-11-25T09:14:00+-1:00",
            "9999-12-31T23:59:59-01:00",
            "0000-01-01T00:00:00+01:00",
            "2026-11-25T09:14:00UTC",
            "2026-11-25T09:14:00Europe/Berlin",
        ];
        for text in bad {
            assert!(parse_instant(text).is_err(), "{text}");
        }
        assert!(parse_instant("2026-11-25T09:14:00").unwrap_err().contains("zone"));
        assert!(parse_instant("2027-02-30T00:00:00Z").unwrap_err().contains("calendar"));
    }

    #[test]
    fn spans_in_words() {
        let told = [
            (-5, "0 s"),
            (0, "0 s"),
            (40, "40 s"),
            (59, "59 s"),
            (60, "1 m"),
            (12 * 60 + 30, "12 m"),
            (3_600, "1 h"),
            (7_080, "1 h 58 m"),
            (23 * 3_600 + 59 * 60, "23 h 59 m"),
            (31 * 3_600 + 1_800, "31 h"),
            (46 * 3_600, "46 h"),
            (72 * 3_600, "72 h"),
            (72 * 3_600 + 1, "3 d"),
            (5 * 86_400 + 80_000, "5 d"),
        ];
        for (seconds, expected) in told {
            assert_eq!(span(seconds), expected, "{seconds}");
        }
        assert_eq!(ago(4), "just now");
        assert_eq!(ago(-100), "just now");
        assert_eq!(ago(40), "40 s ago");
    }

    #[test]
    fn the_deadline_itself_is_past() {
        let told = [
            (i64::MIN, TimeLeft::Past),
            (0, TimeLeft::Past),
            (1, TimeLeft::Now),
            (7_199, TimeLeft::Now),
            (7_200, TimeLeft::Soon),
            (14_399, TimeLeft::Soon),
            (14_400, TimeLeft::Calm),
            (i64::MAX, TimeLeft::Calm),
        ];
        for (seconds, expected) in told {
            assert_eq!(TimeLeft::of(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn an_instant_for_people() {
        assert_eq!(instant(parse_instant("2026-11-25T09:14:59Z").unwrap()), "2026-11-25 09:14 UTC");
        assert_eq!(instant(parse_instant("0007-01-02T03:04:05Z").unwrap()), "0007-01-02 03:04 UTC");
    }

    proptest! {
        #[test]
        fn what_chrono_writes_reads_back(seconds in -62_167_219_200..=253_402_300_799_i64, nanos in 0..1_000_000_000_u32, offset in -86_340..=86_340_i32) {
            let at = DateTime::from_timestamp(seconds, nanos).unwrap();
            prop_assert_eq!(parse_instant(&at.to_rfc3339_opts(SecondsFormat::Nanos, true)), Ok(at));
            let zone = FixedOffset::east_opt(offset / 60 * 60).unwrap();
            let local = at.with_timezone(&zone);
            if (0..=9999).contains(&local.year()) {
                prop_assert_eq!(parse_instant(&local.to_rfc3339()), Ok(at));
            }
        }

        #[test]
        fn whatever_is_read_chrono_reads_the_same(text in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,10})?(Z|[+-][0-2][0-9]:[0-6][0-9])?") {
            if let Ok(at) = parse_instant(&text) {
                prop_assert_eq!(DateTime::parse_from_rfc3339(&text).unwrap(), at);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}", seconds: i64) {
            let _ = parse_instant(&text);
            let _ = (span(seconds), ago(seconds));
        }

        #[test]
        fn a_longer_time_is_never_more_urgent(left: i64, right: i64) {
            let order = |seconds| match TimeLeft::of(seconds) {
                TimeLeft::Past => 0,
                TimeLeft::Now => 1,
                TimeLeft::Soon => 2,
                TimeLeft::Calm => 3,
            };
            prop_assert!(order(left.min(right)) <= order(left.max(right)));
        }
    }
}
