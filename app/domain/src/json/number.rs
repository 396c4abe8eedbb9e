//! A number as it was written. Nothing here goes through binary floating point.

use super::JsonErrorKind;

/// The longest literal that is read, in characters.
const MAX_LITERAL: usize = 1_000;
/// What Postgres `numeric` keeps before the decimal point, in digits.
const MAX_INTEGER_DIGITS: i64 = 131_072;
/// What Postgres `numeric` keeps after the decimal point, in digits.
const MAX_FRACTION_DIGITS: i64 = 16_383;

/// A JSON number, digit for digit. Derived equality is that of the text; see [`Number::same_value`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(String);

impl Number {
    /// The literal as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads one literal and nothing else.
    ///
    /// # Errors
    /// [`JsonErrorKind::BadNumber`] or [`JsonErrorKind::NumberOutOfRange`].
    pub fn parse(literal: &str) -> Result<Self, JsonErrorKind> {
        match scan(literal.as_bytes()) {
            Some(length) if length == literal.len() => Self::checked(literal),
            _ => Err(JsonErrorKind::BadNumber),
        }
    }

    /// Takes a literal that [`scan`] found to be one.
    pub(super) fn checked(literal: &str) -> Result<Self, JsonErrorKind> {
        if literal.len() > MAX_LITERAL {
            return Err(JsonErrorKind::BadNumber);
        }
        let decimal = Decimal::of(literal);
        if decimal.integer_digits() > MAX_INTEGER_DIGITS || decimal.fraction_digits() > MAX_FRACTION_DIGITS {
            return Err(JsonErrorKind::NumberOutOfRange);
        }
        Ok(Self(literal.to_owned()))
    }

    pub(super) fn of_normal(negative: bool, digits: &str, exponent: i64) -> Self {
        Self(format!("{}{digits}e{exponent}", if negative { "-" } else { "" }))
    }

    /// Whether both are the same decimal number: `1`, `1.0` and `1e0` are, and so are `-0` and `0`. Exact, and
    /// never writes an exponent out.
    pub fn same_value(&self, other: &Self) -> bool {
        Decimal::of(&self.0).normal() == Decimal::of(&other.0).normal()
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(value.to_string())
    }
}

/// The length of the number literal (RFC 8259 §6) at the start of `bytes`; `None` if there is none.
pub(super) fn scan(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    let integer = digits(at);
    if integer == 0 || (integer > 1 && bytes.get(at) == Some(&b'0')) {
        return None;
    }
    at += integer;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent == 0 {
            return None;
        }
        at += 1 + sign + exponent;
    }
    Some(at)
}

/// A literal taken apart: `±integer.fraction × 10^exponent`.
pub(super) struct Decimal<'a> {
    negative: bool,
    integer: &'a str,
    fraction: &'a str,
    exponent: i64,
}

impl<'a> Decimal<'a> {
    pub(super) fn of(literal: &'a str) -> Self {
        let (negative, unsigned) = literal.strip_prefix('-').map_or((false, literal), |rest| (true, rest));
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        // An exponent past the bounds of i64 is far past those of the range; halved, sums with it cannot overflow.
        let far = if exponent.starts_with('-') { i64::MIN / 2 } else { i64::MAX / 2 };
        let exponent = exponent.parse::<i64>().map_or(far, |value| value.clamp(i64::MIN / 2, i64::MAX / 2));
        Self { negative, integer, fraction, exponent }
    }

    fn digits(&self) -> impl Iterator<Item = char> {
        self.integer.chars().chain(self.fraction.chars())
    }

    /// Digits before the point once the exponent is applied. A zero counts as if it were a one: `0e200000` is as
    /// much out of range as `1e200000`.
    fn integer_digits(&self) -> i64 {
        let leading = self.digits().take_while(|digit| *digit == '0').count();
        let leading = if leading == self.integer.len() + self.fraction.len() { 0 } else { leading };
        length(self.integer) - i64::try_from(leading).expect("a literal is short") + self.exponent
    }

    /// Digits after the point once the exponent is applied, trailing zeros included, as Postgres counts them.
    fn fraction_digits(&self) -> i64 {
        length(self.fraction) - self.exponent
    }

    /// One form for one value.
    pub(super) fn normal(&self) -> Normal {
        let all: String = self.digits().collect();
        let trimmed = all.trim_end_matches('0');
        let exponent = self.exponent - length(self.fraction) + length(&all) - length(trimmed);
        let digits = trimmed.trim_start_matches('0');
        if digits.is_empty() {
            return Normal { negative: false, digits: String::new(), exponent: 0 };
        }
        Normal { negative: self.negative, digits: digits.to_owned(), exponent }
    }
}

/// `±digits × 10^exponent`, without a zero on either end of the digits. Zero has none.
#[derive(PartialEq, Eq)]
pub(super) struct Normal {
    pub(super) negative: bool,
    pub(super) digits: String,
    pub(super) exponent: i64,
}

fn length(digits: &str) -> i64 {
    i64::try_from(digits.len()).expect("a literal is short")
}
