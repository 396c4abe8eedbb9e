//! What a number is worth: order, wholeness and multiples, exact, however long the literal and however far its
//! exponent. Nothing here goes through binary floating point, and no exponent is written out.

use std::cmp::Ordering;

use super::Number;
use super::number::{Decimal, Normal};

/// The most significant digits that a divisor may have: so a remainder times ten fits 128 bits.
const DIVISOR_DIGITS: usize = 36;

impl Number {
    /// Which of the two is the greater decimal number; `1` and `1.0` are equal.
    pub fn compare(&self, other: &Self) -> Ordering {
        let (left, right) = (normal(self), normal(other));
        match (signum(&left), signum(&right)) {
            (-1, -1) => magnitude(&right, &left),
            (1, 1) => magnitude(&left, &right),
            (left, right) => left.cmp(&right),
        }
    }

    /// The one literal of its value: `1`, `1.0` and `10e-1` become `1e0`, and every zero `0`.
    #[must_use]
    pub fn normalized(&self) -> Self {
        let Normal { negative, digits, exponent } = normal(self);
        if digits.is_empty() {
            return Self::from(0);
        }
        Self::of_normal(negative, &digits, exponent)
    }

    /// Whether nothing is left after the decimal point: `1`, `1.0`, `1e400` and `-0`.
    pub fn is_whole(&self) -> bool {
        normal(self).exponent >= 0
    }

    /// Whether it is a whole number of times `divisor`. `None`: the divisor is zero, or has more than 36 significant
    /// digits.
    pub fn is_multiple_of(&self, divisor: &Self) -> Option<bool> {
        let (value, divisor) = (normal(self), normal(divisor));
        if divisor.digits.is_empty() || divisor.digits.len() > DIVISOR_DIGITS {
            return None;
        }
        if value.digits.is_empty() {
            return Some(true);
        }
        let modulus: u128 = divisor.digits.parse().ok()?;
        let Ok(zeros) = u64::try_from(value.exponent - divisor.exponent) else {
            // The value has no zero at its end, which every multiple of ten times the divisor has.
            return Some(false);
        };
        let digits = value.digits.bytes().fold(0, |rest, digit| (rest * 10 + u128::from(digit - b'0')) % modulus);
        Some((0..zeros).try_fold(digits, |rest, _| (rest != 0).then(|| rest * 10 % modulus)).unwrap_or(0) == 0)
    }
}

fn normal(number: &Number) -> Normal {
    Decimal::of(number.as_str()).normal()
}

const fn signum(normal: &Normal) -> i8 {
    match (normal.digits.is_empty(), normal.negative) {
        (true, _) => 0,
        (false, true) => -1,
        (false, false) => 1,
    }
}

/// The order of two numbers without their signs, neither of them zero. Digits have no zero at either end, so those of
/// numbers of the same length compare like words.
fn magnitude(left: &Normal, right: &Normal) -> Ordering {
    let length = |normal: &Normal| normal.exponent + i64::try_from(normal.digits.len()).expect("a literal is short");
    length(left).cmp(&length(right)).then_with(|| left.digits.cmp(&right.digits))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(literal: &str) -> Number {
        Number::parse(literal).unwrap()
    }

    #[test]
    fn order_is_by_value_and_no_digit_is_lost() {
        for (less, more) in [
            ("9007199254740992", "9007199254740993"),
            ("0.1", "0.1000000000000000000000000000000001"),
            ("-1e400", "1e-400"),
            ("9e99", "1e100"),
            ("-2", "-1.5"),
            ("1e399", "1e400"),
            ("0", "1e-16000"),
        ] {
            assert_eq!(number(less).compare(&number(more)), Ordering::Less, "{less} {more}");
            assert_eq!(number(more).compare(&number(less)), Ordering::Greater, "{less} {more}");
        }
        for (left, right) in [("1", "1.0"), ("-0", "0.00"), ("1e2", "100"), ("1200e-2", "12.0")] {
            assert_eq!(number(left).compare(&number(right)), Ordering::Equal, "{left} {right}");
        }
    }

    #[test]
    fn one_value_has_one_normal_form() {
        for (literal, normal) in
            [("1", "1e0"), ("10e-1", "1e0"), ("-0.0", "0"), ("-12.50", "-125e-1"), ("1e400", "1e400")]
        {
            assert_eq!(number(literal).normalized().as_str(), normal);
        }
    }

    #[test]
    fn whole_is_what_has_no_fraction_however_it_is_written() {
        for whole in ["0", "-0", "1.0", "1e400", "12.50e1", "9007199254740993"] {
            assert!(number(whole).is_whole(), "{whole}");
        }
        for part in ["0.5", "1e-1", "9007199254740993.0000000000000000001", "12.55e1"] {
            assert!(!number(part).is_whole(), "{part}");
        }
    }

    #[test]
    fn multiples_are_told_where_binary_fractions_cannot() {
        for (value, of) in [
            ("0.3", "0.1"),
            ("4.35", "0.01"),
            ("1070468.14", "0.01"),
            ("9007199254740993", "3"),
            ("1e400", "0.01"),
            ("1e400", "1e399"),
            ("0", "7"),
            ("-0.0", "7"),
            ("-21", "7"),
        ] {
            assert_eq!(number(value).is_multiple_of(&number(of)), Some(true), "{value} {of}");
        }
        for (value, of) in [
            ("9007199254740993", "2"),
            ("0.1000000000000000000000000000000001", "0.1"),
            ("1e400", "7"),
            ("0.005", "0.01"),
            ("1e-400", "1"),
        ] {
            assert_eq!(number(value).is_multiple_of(&number(of)), Some(false), "{value} {of}");
        }
        assert_eq!(number("1").is_multiple_of(&number("0")), None);
        assert_eq!(number("1").is_multiple_of(&number(&"3".repeat(37))), None);
    }

    proptest! {
        #[test]
        fn what_fits_a_machine_word_is_ordered_and_divided_as_there(left: i32, right: i32, shift in 0..400_u32) {
            let literal = |value: i32| number(&format!("{value}e-{shift}"));
            prop_assert_eq!(literal(left).compare(&literal(right)), left.cmp(&right));
            let divides = left.checked_rem(right).map(|rest| rest == 0);
            prop_assert_eq!(literal(left).is_multiple_of(&literal(right)), divides.or((right != 0).then_some(true)));
        }
    }
}
