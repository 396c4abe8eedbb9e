//! Keeping rows still under the hand. While somebody looks at a list, it changes: new rows are announced instead
//! of pushed in, rows that left are marked instead of removed. Only asking for it, or a lost connection, brings
//! the list as the server has it.

use domain::id::ActionId;
use domain::view::{ActionRow, QueuePage};

/// One row on the screen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HeldRow {
    pub row: ActionRow,
    /// It is no longer in the list that the server has.
    pub gone: bool,
}

/// The list on the screen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    pub rows: Vec<HeldRow>,
    /// How many rows of this page are new and not shown.
    pub new: usize,
}

/// A fresh page as it is.
pub(crate) fn as_read(fresh: &QueuePage) -> Shown {
    as_held(&fresh.rows)
}

/// The rows under the hand, while nothing newer can be read.
pub(crate) fn as_held(held: &[ActionRow]) -> Shown {
    let rows = held.iter().map(|row| HeldRow { row: row.clone(), gone: false }).collect();
    Shown { rows, new: 0 }
}

/// What is shown while `held` is under the hand and the server has `fresh`: the held rows in their places, each as
/// fresh as can be. A list in which nothing was held takes the fresh rows as they are.
pub(crate) fn merge(held: &[ActionRow], fresh: &QueuePage) -> Shown {
    if held.is_empty() {
        return as_read(fresh);
    }
    let in_fresh = |id: ActionId| fresh.rows.iter().find(|row| row.id == id);
    let rows = held
        .iter()
        .map(|old| match in_fresh(old.id) {
            Some(row) => HeldRow { row: row.clone(), gone: false },
            None => HeldRow { row: old.clone(), gone: true },
        })
        .collect();
    // Rows that only moved up because others left were always of the list: they are shown after the held ones
    // have been looked at, and counted as new only if they came in after the newest row held.
    let newest = held.iter().map(|row| row.requested_at).max();
    let is_new = |row: &&ActionRow| held.iter().all(|old| old.id != row.id) && Some(row.requested_at) > newest;
    Shown { rows, new: fresh.rows.iter().filter(is_new).count() }
}

/// The row to open after `id`: the next below that still waits, else the nearest above.
pub(crate) fn next_after(shown: &[HeldRow], id: ActionId) -> Option<ActionId> {
    let place = shown.iter().position(|held| held.row.id == id)?;
    let waits = |held: &&HeldRow| !held.gone && held.row.id != id;
    let below = shown[place + 1..].iter().find(waits);
    below.or_else(|| shown[..place].iter().rfind(waits)).map(|held| held.row.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use domain::lifecycle::Status;
    use domain::risk::RiskTier;
    use uuid::Uuid;

    fn row(number: u128) -> ActionRow {
        ActionRow {
            id: ActionId(Uuid::from_u128(number)),
            tool_name: "send_email".to_owned(),
            risk_tier: RiskTier::Low,
            headline: None,
            summary: None,
            session_id: None,
            agent: "a".to_owned(),
            status: Status::Pending,
            execution_state: None,
            waits_for_executor: false,
            requested_at: DateTime::from_timestamp(i64::try_from(number).expect("small"), 0).expect("in range"),
            expires_at: None,
            decided_at: None,
            decided_by: None,
            live: true,
            flag: None,
        }
    }

    fn page(numbers: &[u128]) -> QueuePage {
        let rows: Vec<_> = numbers.iter().map(|number| row(*number)).collect();
        QueuePage { total: None, next_cursor: None, now: DateTime::UNIX_EPOCH, decides: true, rows }
    }

    fn seen(shown: &Shown) -> Vec<(u128, bool)> {
        shown.rows.iter().map(|held| (held.row.id.0.as_u128(), held.gone)).collect()
    }

    #[test]
    fn held_rows_keep_their_places_and_new_ones_are_counted() {
        let shown = merge(&page(&[1, 2, 3]).rows, &page(&[1, 3, 4, 5]));
        assert_eq!(seen(&shown), [(1, false), (2, true), (3, false)]);
        assert_eq!(shown.new, 2);
    }

    #[test]
    fn rows_that_move_up_from_the_next_page_are_not_new() {
        let mut held = page(&[5, 4]);
        held.rows[0].requested_at = row(9).requested_at;
        assert_eq!(merge(&held.rows, &page(&[5, 3])).new, 0);
    }

    #[test]
    fn an_empty_list_takes_what_comes() {
        let shown = merge(&[], &page(&[7]));
        assert_eq!((seen(&shown), shown.new), (vec![(7, false)], 0));
    }

    #[test]
    fn after_a_decision_the_next_below_opens_then_the_one_above() {
        let id = |number| ActionId(Uuid::from_u128(number));
        let shown = merge(&page(&[1, 2, 3]).rows, &page(&[1, 2]));
        assert_eq!(next_after(&shown.rows, id(1)), Some(id(2)));
        assert_eq!(next_after(&shown.rows, id(2)), Some(id(1)), "the one below is gone");
        assert_eq!(next_after(&merge(&page(&[1]).rows, &page(&[1])).rows, id(1)), None);
    }
}
