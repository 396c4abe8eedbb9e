//! The words of the pages about what holds in this installation, and about its database.

use domain::risk::RiskTier;
use domain::time_text::{instant, span};

pub(crate) const POLICY: &str = "Policy";
pub(crate) const POLICY_ABOUT: &str = "How long calls wait, and what an unknown tool counts as.";
pub(crate) const DATABASE: &str = "Database";
pub(crate) const DATABASE_ABOUT: &str = "Sizes, the use of indexes, and upkeep.";
pub(crate) const POLICY_LEAD: &str = "The configuration says what holds at first. What is settled here holds instead, on every server, from the next call on.";
pub(crate) const EXPIRY: &str = "How long calls wait";
pub(crate) const EXPIRY_LEAD: &str =
    "For tools that have no time of their own. Calls that wait already keep their deadlines; the queue extends those.";
pub(crate) const HOURS: &str = "Hours";
pub(crate) const HOLDS_FOR: &str = "Holds";
pub(crate) const FOR_GOOD: &str = "for good";
pub(crate) const REASON: &str = "Reason, if there is one";
pub(crate) const SETTLE: &str = "Settle";
pub(crate) const TIER: &str = "What an unknown tool counts as";
pub(crate) const TIER_LEAD: &str = "A tool that nobody has classified is gated, and its calls are of this tier.";
pub(crate) const TIER_FIELD: &str = "Tier";
pub(crate) const BACK: &str = "As the configuration says";
pub(crate) const BACK_LEAD: &str = "What was settled on this page holds no more.";
pub(crate) const CONFIGURED_NOW: &str = "The configuration holds.";
pub(crate) const NOT_YOURS: &str = "Administrators settle this. You see what holds.";
pub(crate) const ZONE: &str = "Days begin and end in";
pub(crate) const VACUUM: &str = "VACUUM ANALYZE";
pub(crate) const VACUUM_LEAD: &str = "PostgreSQL does this by itself. After much was purged it is worth doing at once; calls are parked and decided all the while.";
pub(crate) const VACUUM_STARTED: &str = "The tables are being vacuumed. This page says when each was.";
pub(crate) const VACUUMING: &str = "being vacuumed";
pub(crate) const TABLES: &str = "Tables";
pub(crate) const INDEXES: &str = "Indexes, the least used first";
pub(crate) const TABLE: &str = "Table";
pub(crate) const INDEX: &str = "Index";
pub(crate) const SIZE: &str = "Size";
pub(crate) const OF_INDEXES: &str = "Indexes";
pub(crate) const ROWS: &str = "Rows";
pub(crate) const DEAD: &str = "Dead rows";
pub(crate) const VACUUMED: &str = "Vacuumed";
pub(crate) const ANALYZED: &str = "Analyzed";
pub(crate) const USED: &str = "Used";
pub(crate) const NEVER: &str = "never";
pub(crate) const CLOSED: &str = "Administrators look after the database.";
pub(crate) const ABOUT: &str = "About";
pub(crate) const VERSION: &str = "Version";
pub(crate) const BUILD: &str = "Build of the console";
pub(crate) const API: &str = "For programs";
pub(crate) const UNREAD: &str = "It could not be read.";

/// For how many hours a deadline can hold: 0 is for good.
pub(crate) const WHILES: [i64; 6] = [0, 4, 12, 24, 72, 168];

pub(crate) fn holds_for(hours: i64) -> String {
    if hours == 0 { FOR_GOOD.to_owned() } else { format!("for {}", span(hours * 3_600)) }
}

pub(crate) fn waits(hours: i64) -> String {
    format!("{} h", hours)
}

pub(crate) fn waits_now(hours: i64) -> String {
    format!("Calls wait {hours} h by default.")
}

pub(crate) fn tier_now(tier: RiskTier) -> String {
    format!("An unknown tool counts as {}.", tier.as_str())
}

pub(crate) fn configured(value: &str) -> String {
    format!("as configured ({value})")
}

pub(crate) fn settled_by(by: &str, until: Option<chrono::DateTime<chrono::Utc>>, configured: &str) -> String {
    let until = until.map(|until| format!(" until {}", instant(until))).unwrap_or_default();
    format!("settled by {}{until}; the configuration says {configured}", by.trim_start_matches("human:"))
}

pub(crate) fn database(bytes: i64, version: &str, migration: Option<i64>) -> String {
    let migration = migration.map(|number| format!(", schema {number}")).unwrap_or_default();
    format!("{} in PostgreSQL {version}{migration}.", size(bytes))
}

/// In binary units, as PostgreSQL tells sizes.
pub(crate) fn size(bytes: i64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 10_240 {
        return format!("{bytes} bytes");
    }
    let mut left = bytes;
    for unit in UNITS {
        left = (left + 512) / 1_024;
        if left < 10_240 || unit == UNITS[3] {
            return format!("{left} {unit}");
        }
    }
    unreachable!("the last unit takes whatever is left")
}

/// With commas between the thousands.
pub(crate) fn count(number: i64) -> String {
    let digits = number.to_string();
    let mut told = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_counts_are_told_as_people_read_them() {
        for (bytes, told) in [
            (0, "0 bytes"),
            (10_239, "10239 bytes"),
            (10_240, "10 kB"),
            (50 * 1_048_576, "50 MB"),
            (1 << 50, "1024 TB"),
        ] {
            assert_eq!(size(bytes), told);
        }
        for (number, told) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(count(number), told);
        }
    }
}
