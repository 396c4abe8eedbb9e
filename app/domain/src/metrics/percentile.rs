//! Percentiles, as Postgres's `percentile_cont` has them: between two samples, in proportion.

/// The value below which the fraction `at` (0 to 1) of `sorted` lies. `None` without a sample; one sample is the answer to
/// everything.
pub fn percentile(sorted: &[f64], at: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    #[expect(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^53")]
    let place = at.clamp(0.0, 1.0) * last as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to the last place")]
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    let (low, high) = (*sorted.get(below)?, *sorted.get(above)?);
    Some(low + (high - low) * (place - place.floor()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::percentile;

    #[test]
    fn none_one_and_two_samples_are_defined() {
        assert_eq!(percentile(&[], 0.95), None);
        assert_eq!(percentile(&[7.0], 0.5), Some(7.0));
        assert_eq!(percentile(&[7.0], 0.99), Some(7.0));
        assert_eq!(percentile(&[10.0, 20.0], 0.5), Some(15.0));
        assert_eq!(percentile(&[10.0, 20.0], 0.95), Some(19.5));
        assert_eq!(percentile(&[1.0, 2.0, 4.0], 1.0), Some(4.0));
    }

    proptest! {
        #[test]
        fn it_lies_among_the_samples(mut samples in prop::collection::vec(0.0..1e9_f64, 1..40), at in 0.0..=1.0_f64) {
            samples.sort_by(f64::total_cmp);
            let value = percentile(&samples, at).unwrap();
            prop_assert!(samples[0] <= value && value <= samples[samples.len() - 1]);
        }
    }
}
