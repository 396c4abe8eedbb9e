//! What happened day by day. Days that are over, and the full hours of today, were counted once and stand in
//! `metric_spans` (see [`super::closing`]); the rest is counted as it is asked for.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use domain::metrics::{Counted, Day, Figures};
use sqlx::PgPool;

use crate::store::metric_spans::{self, Span, Stretch};
use crate::{Engine, Result, store};

/// How many days back figures are told: twice the longest range, so that each has one before it.
pub const LONGEST_DAYS: i32 = 180;

/// Closed spans that this instance has read, by their ids. A span that is counted anew has another id.
#[derive(Clone, Default)]
pub(crate) struct SpanCache(Arc<Mutex<HashMap<i64, Arc<Figures>>>>);

/// What happened on some days, and when that was read.
pub(crate) struct History {
    pub(crate) now: DateTime<Utc>,
    /// The oldest first; the last is today.
    pub(crate) days: Vec<Counted>,
}

impl History {
    /// The last `length` days.
    pub(crate) fn last(&self, length: usize) -> &[Counted] {
        &self.days[self.days.len().saturating_sub(length)..]
    }

    /// The `length` days before those.
    pub(crate) fn before(&self, length: usize) -> &[Counted] {
        let end = self.days.len().saturating_sub(length);
        &self.days[end.saturating_sub(length)..end]
    }
}

/// Today and so many days before it, all as they stood at one moment.
pub(crate) async fn read(engine: &Engine, back: i32, depth: metric_spans::Depth) -> Result<History> {
    let timezone = &engine.policy.timezone;
    let mut snapshot = store::snapshot(&engine.pool).await?;
    let (days, now) = metric_spans::calendar(&mut snapshot, timezone, back).await?;
    let from = days.first().map_or(now, |day| day.starts_at);
    let spans = metric_spans::spans(&mut snapshot, timezone, from).await?;
    let closed = engine.spans.figures(&mut snapshot, &spans).await?;
    let mut open = BTreeMap::new();
    for gap in gaps(&days, &spans) {
        for (date, figures) in metric_spans::count(&mut snapshot, timezone, gap, depth).await? {
            open.entry(date).or_insert_with(Vec::new).push(Arc::new(figures));
        }
    }
    snapshot.commit().await?;
    let days = days
        .into_iter()
        .map(|day| {
            let within = spans.iter().filter(|span| span.starts_at >= day.starts_at && span.ends_at <= day.ends_at);
            let mut parts: Vec<Arc<Figures>> = within.filter_map(|span| closed.get(&span.id).cloned()).collect();
            parts.extend(open.remove(&day.date).unwrap_or_default());
            (day, together(parts))
        })
        .collect();
    Ok(History { now, days })
}

fn together(parts: Vec<Arc<Figures>>) -> Arc<Figures> {
    match parts.as_slice() {
        [whole] => Arc::clone(whole),
        parts => {
            let mut sum = Figures::default();
            parts.iter().for_each(|part| sum.add(part));
            Arc::new(sum)
        }
    }
}

/// What no closed span covers, as few stretches as there are.
fn gaps(days: &[Day], spans: &[Span]) -> Vec<Stretch> {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Vec::new() };
    let mut gaps = Vec::new();
    let mut covered_to = first.starts_at;
    for span in spans {
        if span.starts_at > covered_to {
            gaps.push((covered_to, span.starts_at));
        }
        covered_to = covered_to.max(span.ends_at);
    }
    if covered_to < last.ends_at {
        gaps.push((covered_to, last.ends_at));
    }
    gaps
}

impl SpanCache {
    async fn figures(&self, snapshot: &mut sqlx::PgConnection, spans: &[Span]) -> Result<HashMap<i64, Arc<Figures>>> {
        let mut known: HashMap<i64, Arc<Figures>> = {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            spans.iter().filter_map(|span| Some((span.id, Arc::clone(kept.get(&span.id)?)))).collect()
        };
        let missing: Vec<i64> = spans.iter().map(|span| span.id).filter(|id| !known.contains_key(id)).collect();
        if missing.is_empty() {
            return Ok(known);
        }
        let read = metric_spans::read(snapshot, &missing).await?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Hours that became a day, days that were counted anew: nobody asks for them again.
        if kept.len() > 4 * LONGEST_DAYS as usize {
            kept.clear();
        }
        for (id, figures) in read {
            let figures = Arc::new(figures);
            kept.insert(id, Arc::clone(&figures));
            known.insert(id, figures);
        }
        Ok(known)
    }
}

/// The days and hours that are over and that no transaction under way can add to: the newest first.
pub(super) async fn due(pool: &PgPool, timezone: &str) -> Result<Vec<(Day, Stretch)>> {
    let mut snapshot = store::snapshot(pool).await?;
    let Some(first) = metric_spans::first_action(&mut snapshot).await? else { return Ok(Vec::new()) };
    let (days, now) = metric_spans::calendar(&mut snapshot, timezone, LONGEST_DAYS).await?;
    let from = days.first().map_or(now, |day| day.starts_at);
    let spans = metric_spans::spans(&mut snapshot, timezone, from).await?;
    let settled = metric_spans::oldest_transaction(&mut snapshot).await?;
    snapshot.commit().await?;
    let is_closed = |(from, to): &Stretch| spans.iter().any(|span| (span.starts_at, span.ends_at) == (*from, *to));
    let over = settled.min(now - super::closing::GRACE);
    let due = days.into_iter().rev().flat_map(|day| stretches(day, now).map(move |stretch| (day, stretch)));
    Ok(due.filter(|(_, stretch)| stretch.1 > first && stretch.1 <= over && !is_closed(stretch)).collect())
}

/// A day as one, or today as its hours.
fn stretches(day: Day, now: DateTime<Utc>) -> impl Iterator<Item = Stretch> {
    let hour = if now < day.ends_at { chrono::TimeDelta::hours(1) } else { day.ends_at - day.starts_at };
    let mut from = day.starts_at;
    std::iter::from_fn(move || {
        let stretch = (from, from + hour);
        from = stretch.1;
        (stretch.1 <= day.ends_at.min(now)).then_some(stretch)
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn day(number: i64) -> Day {
        Day { date: at(24 * number).date_naive(), starts_at: at(24 * number), ends_at: at(24 * number + 24) }
    }

    #[test]
    fn what_no_span_covers_is_counted_in_one_go() {
        let days = [day(0), day(1), day(2)];
        let span = |from, to| Span { id: from, starts_at: at(from), ends_at: at(to) };
        assert_eq!(gaps(&days, &[]), [(at(0), at(72))]);
        assert_eq!(gaps(&days, &[span(24, 48)]), [(at(0), at(24)), (at(48), at(72))]);
        let hours = [span(0, 24), span(24, 48), span(48, 49), span(49, 50)];
        assert_eq!(gaps(&days, &hours), [(at(50), at(72))]);
        assert_eq!(gaps(&days, &[span(0, 24), span(24, 48), span(48, 72)]), []);
    }

    #[test]
    fn a_day_that_is_over_is_closed_as_one_and_today_by_the_hour() {
        assert_eq!(stretches(day(0), at(30)).collect::<Vec<_>>(), [(at(0), at(24))]);
        let now = at(26) + TimeDelta::minutes(59);
        assert_eq!(stretches(day(1), now).collect::<Vec<_>>(), [(at(24), at(25)), (at(25), at(26))]);
    }
}
