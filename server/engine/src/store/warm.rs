//! Connections that parked a call just now and will park the next. A pool asks each connection that comes back to it
//! whether it still lives, which is a round trip more for every call. So the gate keeps its connections while calls
//! come thick, and gives them back as soon as they do not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::PgPool;
use sqlx::pool::PoolConnection;
use sqlx::postgres::Postgres;

/// How long a connection is kept for a next call.
const KEPT_FOR: Duration = Duration::from_millis(500);

/// The connections at hand. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Warm(Arc<Mutex<Hand>>);

#[derive(Default)]
struct Hand {
    /// The one used last on top.
    kept: Vec<(PoolConnection<Postgres>, Instant)>,
    /// Somebody is there who will give them back.
    watched: bool,
}

impl Warm {
    /// A connection; from the pool if none is at hand.
    pub(crate) async fn take(&self, pool: &PgPool) -> sqlx::Result<PoolConnection<Postgres>> {
        let at_hand = self.hand().kept.pop();
        match at_hand {
            Some((connection, _)) => Ok(connection),
            None => super::acquire(pool).await,
        }
    }

    /// Keeps a connection on which all went well; any other is dropped, and the pool looks after it. At most half of
    /// the pool is kept, so that nobody else waits for what lies idle here.
    pub(crate) fn keep(&self, pool: &PgPool, connection: PoolConnection<Postgres>) {
        let mut hand = self.hand();
        if hand.kept.len() >= pool.options().get_max_connections() as usize / 2 {
            return;
        }
        hand.kept.push((connection, Instant::now()));
        if !hand.watched {
            hand.watched = true;
            tokio::spawn(self.clone().cool_down());
        }
    }

    /// Gives back what nobody used for a while, until nothing is left.
    async fn cool_down(self) {
        loop {
            tokio::time::sleep(KEPT_FOR).await;
            let mut hand = self.hand();
            let cold = hand.kept.iter().take_while(|(_, since)| since.elapsed() >= KEPT_FOR).count();
            let cold: Vec<_> = hand.kept.drain(..cold).collect();
            hand.watched = !hand.kept.is_empty();
            let done = !hand.watched;
            drop(hand);
            drop(cold);
            if done {
                return;
            }
        }
    }

    fn hand(&self) -> MutexGuard<'_, Hand> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
