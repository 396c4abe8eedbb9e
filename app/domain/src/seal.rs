//! Seals chain the audit trail in batches: changing, dropping or adding an entry afterwards breaks a seal, and
//! changing a seal breaks all that follow. A seal covers the hashes of its entries, not the entries, so it can
//! still be verified when retention has taken the entries away and kept their hashes.

use crate::digest::Digest;
use crate::json::Json;

/// What the hash of a seal covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealContent {
    /// From 1, without a gap.
    pub number: i64,
    /// Smallest `seq` among its entries.
    pub first_seq: i64,
    /// Largest `seq` among its entries. Transactions commit out of order, so a later seal may hold a smaller one.
    pub last_seq: i64,
    /// How many entries it holds.
    pub event_count: i64,
    /// [`events_digest`] over its entries.
    pub events_digest: Digest,
    /// Hash of the seal before; `None` for the first.
    pub previous: Option<Digest>,
}

impl SealContent {
    /// SHA-256 over the canonical JSON of the content.
    pub fn hash(&self) -> Digest {
        Digest::of(&Json::object([
            ("number", Json::from(self.number)),
            ("first_seq", Json::from(self.first_seq)),
            ("last_seq", Json::from(self.last_seq)),
            ("event_count", Json::from(self.event_count)),
            ("events_digest", Json::from(self.events_digest.to_string())),
            ("previous", Json::from(self.previous.map(|digest| digest.to_string()))),
        ]))
    }
}

/// SHA-256 over the 32-byte content hashes of the entries, one after the other in the order of `seq`.
pub fn events_digest<'a>(hashes: impl IntoIterator<Item = &'a Digest>) -> Digest {
    Digest::of_pieces(hashes.into_iter().map(|digest| digest.0.as_slice()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn content() -> impl Strategy<Value = SealContent> {
        (1..i64::MAX, any::<i64>(), any::<i64>(), any::<i64>(), any::<[u8; 32]>(), any::<Option<[u8; 32]>>()).prop_map(
            |(number, first_seq, last_seq, event_count, digest, previous)| SealContent {
                number,
                first_seq,
                last_seq,
                event_count,
                events_digest: Digest(digest),
                previous: previous.map(Digest),
            },
        )
    }

    #[test]
    fn the_hash_is_that_of_the_canonical_text() {
        let seal = SealContent {
            number: 2,
            first_seq: 5,
            last_seq: 9,
            event_count: 4,
            events_digest: Digest([0xab; 32]),
            previous: None,
        };
        let text = format!(
            r#"{{"event_count":4,"events_digest":"{}","first_seq":5,"last_seq":9,"number":2,"previous":null}}"#,
            "ab".repeat(32)
        );
        assert_eq!(seal.hash(), Digest::of_bytes(text.as_bytes()));
    }

    #[test]
    fn no_entries_have_the_digest_of_nothing() {
        assert_eq!(events_digest([]), Digest::of_bytes(b""));
    }

    proptest! {
        #[test]
        fn every_member_counts(seal in content(), other in content()) {
            let hash = seal.hash();
            prop_assert_eq!(hash, seal.hash());
            let changed = [
                SealContent { number: other.number, ..seal },
                SealContent { first_seq: other.first_seq, ..seal },
                SealContent { last_seq: other.last_seq, ..seal },
                SealContent { event_count: other.event_count, ..seal },
                SealContent { events_digest: other.events_digest, ..seal },
                SealContent { previous: other.previous, ..seal },
            ];
            for changed in changed {
                prop_assert_eq!(changed == seal, changed.hash() == hash);
            }
        }

        #[test]
        fn order_and_number_of_entries_count(hashes in prop::collection::vec(any::<[u8; 32]>().prop_map(Digest), 2..8)) {
            let digest = events_digest(&hashes);
            let mut swapped = hashes.clone();
            swapped.swap(0, 1);
            prop_assert_eq!(events_digest(&swapped) == digest, hashes[0] == hashes[1]);
            prop_assert_ne!(events_digest(&hashes[1..]), digest);
        }
    }
}
