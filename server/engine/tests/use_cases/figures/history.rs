//! A made history of half a year with everything in it that a figure could get wrong. Seeded: each run makes the same one,
//! as far back from now.

use sqlx::PgPool;

/// Days with so few decisions of people that percentiles have no, one or two samples, counted back from today.
pub(super) const NO_DECISION: i32 = 40;
pub(super) const ONE_DECISION: i32 = 41;
pub(super) const TWO_DECISIONS: i32 = 42;

/// Numbers that look random (Knuth's MMIX constants).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }
}

/// One call: how long before the end of its day it came, what became of it, when.
struct Call {
    back: i32,
    second_of_day: i64,
    tool: &'static str,
    fate: Fate,
    wait: i64,
    run: i64,
    attempts: i32,
}

#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Pending,
    Person(&'static str, bool),
    Rule(bool),
    System(bool),
    Expired,
    Withdrawn,
}

const RULE: &str = "0198a3f0-0000-7000-8000-00000000000a";

/// Makes the history. A tool, a rule and actions with their attempts; nothing of the trail, which no figure reads.
pub(super) async fn make(pool: &PgPool, timezone: &str, days: i32) {
    let mut dice = Dice(0x5EED);
    let mut calls = Vec::new();
    for back in 0..days {
        let people = match back {
            NO_DECISION => 0,
            ONE_DECISION => 1,
            TWO_DECISIONS => 2,
            _ => 3 + dice.roll(9),
        };
        let few = people < 3;
        for _ in 0..people {
            let name = dice.pick(&["ana", "ben", "eve"]);
            calls.push(call(&mut dice, back, Fate::Person(name, true)));
        }
        if few {
            continue;
        }
        for _ in 0..dice.roll(14) {
            let fate = match dice.roll(12) {
                0 => Fate::Pending,
                1 => Fate::Expired,
                2 => Fate::Withdrawn,
                3 => Fate::System(true),
                4 => Fate::System(false),
                5 => Fate::Rule(false),
                6 => Fate::Person("ben", false),
                _ => Fate::Rule(true),
            };
            calls.push(call(&mut dice, back, fate));
        }
    }
    // The very beginning and the very end of days.
    for back in [1, 2, 31, 33, 60, 90] {
        for second_of_day in [0, 86_399] {
            let edge = call(&mut dice, back, Fate::Person("ana", true));
            calls.push(Call { second_of_day, wait: 0, ..edge });
        }
    }
    rule(pool).await;
    for call in calls {
        insert(pool, timezone, &call).await;
    }
    sqlx::query("ANALYZE pending_actions").execute(pool).await.unwrap();
}

fn call(dice: &mut Dice, back: i32, fate: Fate) -> Call {
    let fate = match fate {
        Fate::Person(name, _) => Fate::Person(name, dice.roll(4) > 0),
        other => other,
    };
    let few = matches!(back, ONE_DECISION | TWO_DECISIONS);
    let immediate = matches!(fate, Fate::Rule(_) | Fate::System(_)) && dice.roll(5) > 0;
    let longest = if few { 3_000 } else { 80_000 };
    let wait = if immediate { 0 } else { 1 + i64::try_from(dice.roll(longest)).unwrap() };
    Call {
        back,
        second_of_day: if few { 40_000 } else { i64::try_from(dice.roll(86_400)).unwrap() },
        tool: dice.pick(&["send_email", "send_payment", "deploy", "post_message"]),
        fate,
        wait,
        run: i64::try_from(dice.roll(7_200)).unwrap(),
        attempts: i32::try_from(1 + dice.roll(4) / 3 * dice.roll(3)).unwrap(),
    }
}

async fn rule(pool: &PgPool) {
    sqlx::query(
        "INSERT INTO tools (name, risk_tier) SELECT unnest(ARRAY['send_email', 'send_payment', 'deploy', 'post_message']), 'low'",
    )
    .execute(pool)
    .await
    .unwrap();
    for (id, back, revoked) in [(RULE, 100, None), ("0198a3f0-0000-7000-8000-00000000000b", 5, Some(2))] {
        sqlx::query(
            "INSERT INTO approval_rules (id, tool_name, effect, arg_constraints, arg_constraints_text, broad, unlisted_args,
                 description, created_by, created_at, active, revoked_at, revoked_by, revoked_reason)
             VALUES ($1::text::uuid, 'send_email', 'allow', '{}', '{}', true, 'ignore', 'Team mail', 'human:ana',
                 now() - make_interval(days => $2), $3::int IS NULL, now() - make_interval(days => $3),
                 CASE WHEN $3 IS NOT NULL THEN 'human:ana' END, CASE WHEN $3 IS NOT NULL THEN 'wrong' END)",
        )
        .bind(id)
        .bind(back)
        .bind(revoked)
        .execute(pool)
        .await
        .unwrap();
    }
}

/// What would lie in the future has not happened: such a call waits, or has not run.
async fn insert(pool: &PgPool, timezone: &str, call: &Call) {
    let (status, by) = match call.fate {
        Fate::Pending => ("pending", None),
        Fate::Person(name, true) => ("approved", Some(format!("human:{name}"))),
        Fate::Person(name, false) => ("rejected", Some(format!("human:{name}"))),
        Fate::Rule(true) => ("approved", Some(format!("rule:{RULE}"))),
        Fate::Rule(false) => ("rejected", Some(format!("rule:{RULE}"))),
        Fate::System(true) => ("approved", Some("system:bypass".to_owned())),
        Fate::System(false) => ("rejected", Some("system:blocked_tool".to_owned())),
        Fate::Expired => ("expired", Some("system:expiry".to_owned())),
        Fate::Withdrawn => ("withdrawn", Some("system:withdrawn".to_owned())),
    };
    // Of five approved: three run well, one fails, one runs into the unknown or waits.
    let end = match call.run % 5 {
        0 => "failed",
        1 if call.run % 2 == 0 => "unknown",
        1 => "queued",
        _ => "succeeded",
    };
    sqlx::query(
        "WITH times AS (
            SELECT (date_trunc('day', now() AT TIME ZONE $1) - make_interval(days => $2)) AT TIME ZONE $1
                + make_interval(secs => $3) AS asked
        ), fate AS (
            SELECT least(asked, now()) AS asked, least(asked, now()) + make_interval(secs => $4) AS decided FROM times
        ), known AS (
            SELECT asked, CASE WHEN $5 <> 'pending' AND decided <= now() THEN decided END AS decided,
                decided + make_interval(secs => $6) AS ran FROM fate
        ), ended AS (
            SELECT *, CASE WHEN decided IS NULL THEN 'pending'
                WHEN $5 = 'approved' AND $7 IN ('succeeded', 'failed') AND ran <= now()
                    THEN CASE WHEN $7 = 'failed' AND $6::int % 3 = 0 THEN 'abandoned' ELSE 'executed' END
                ELSE $5 END AS status FROM known
        ), action AS (
            INSERT INTO pending_actions (id, tool_name, tool_args, tool_args_text, args_sha256, agent_id, status, risk_tier,
                requested_at, decided_by, decided_at, execution_state, executed_at, execution_result, execution_result_text,
                approval_rule_id)
            SELECT gen_random_uuid(), $8, '{}', '{}', repeat('0', 64), 'agent', status, 'low', asked,
                CASE WHEN decided IS NOT NULL THEN $9 END, decided,
                CASE WHEN status IN ('executed', 'abandoned') THEN $7 WHEN status = 'approved' THEN
                    CASE WHEN $7 = 'unknown' THEN 'unknown' ELSE 'queued' END END,
                CASE WHEN status IN ('executed', 'abandoned') THEN ran END,
                CASE WHEN status IN ('executed', 'abandoned') THEN jsonb_build_object('success', $7 = 'succeeded',
                    'error', CASE WHEN $7 = 'failed' THEN 'connection refused' END) END,
                CASE WHEN status IN ('executed', 'abandoned') THEN jsonb_build_object('success', $7 = 'succeeded',
                    'error', CASE WHEN $7 = 'failed' THEN 'connection refused' END, 'executed_at', ran)::text END,
                CASE WHEN decided IS NOT NULL AND $9 LIKE 'rule:%' THEN substr($9, 6)::uuid END
            FROM ended
            RETURNING id, executed_at, execution_state
        )
        INSERT INTO execution_attempts (id, action_id, number, state, worker, args_sha256, lease_seconds, claimed_at,
            lease_until, finished_at)
        SELECT gen_random_uuid(), id, number,
            CASE WHEN number = $10 THEN execution_state WHEN number % 2 = 1 THEN 'failed' ELSE 'unknown' END,
            'worker', repeat('0', 64), 60, executed_at, executed_at, executed_at - make_interval(hours => $10 - number)
        FROM action, generate_series(1, $10) number WHERE executed_at IS NOT NULL",
    )
    .bind(timezone)
    .bind(call.back)
    .bind(call.second_of_day as f64)
    .bind(call.wait as f64)
    .bind(status)
    .bind(call.run as f64)
    .bind(end)
    .bind(call.tool)
    .bind(by)
    .bind(call.attempts)
    .execute(pool)
    .await
    .unwrap();
}
