//! Who and what the tests play with.

use std::collections::BTreeSet;

use domain::action::Action;
use domain::id::{ActionId, UserId};
use domain::identity::{Person, Principal, Role, Scope};
use domain::json::Json;
use domain::problem::{Code, Problem};
use engine::cluster::testing::fresh_database;
use engine::decisions::Approve;
use engine::execution::{Claim, ClaimRequest, Report};
use engine::gate::{Gated, ParkRequest};
use engine::identity::{NewToken, NewUser};
use engine::{Engine, Policy};

pub(crate) struct Stage {
    pub(crate) engine: Engine,
    pub(crate) agent: Principal,
    pub(crate) worker: Principal,
    pub(crate) ana: Principal,
    pub(crate) ben: Principal,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(Policy::default()).await
    }

    pub(crate) async fn with(policy: Policy) -> Self {
        let engine = Engine::start(fresh_database().await, policy).await.unwrap();
        Self {
            agent: token(&engine, "agent", &[Scope::ActionsSubmit]).await,
            worker: token(&engine, "worker", &[Scope::ActionsExecute]).await,
            ana: person(&engine, "ana", Role::Admin).await,
            ben: person(&engine, "ben", Role::Operator).await,
            engine,
        }
    }

    /// Another instance of the product on the same database.
    pub(crate) async fn twin(&self) -> Engine {
        Engine::start(self.engine.pool().clone(), Policy::default()).await.unwrap()
    }

    pub(crate) async fn park(&self, tool: &str, args: &str) -> Action {
        self.try_park(call(tool, args)).await.unwrap().action
    }

    pub(crate) async fn try_park(&self, request: ParkRequest) -> engine::Result<Gated> {
        engine::gate::park(&self.engine, &self.agent, request).await
    }

    pub(crate) async fn approve(&self, id: ActionId) -> Action {
        engine::decisions::approve(&self.engine, &self.ana, id, Approve::default()).await.unwrap().action
    }

    pub(crate) async fn claim(&self, tool: &str) -> Option<Claim> {
        engine::execution::claim(&self.engine, &self.worker, &claim_of(tool)).await.unwrap()
    }

    pub(crate) async fn report(&self, claim: &Claim, success: bool) -> engine::Result<engine::execution::Reported> {
        let error = (!success).then(|| "mailbox full".to_owned());
        let report = Report { success, result: None, error };
        engine::execution::report(&self.engine, &self.worker, claim.attempt, report).await
    }

    pub(crate) async fn read(&self, id: ActionId) -> Action {
        engine::actions::get(&self.engine, &self.ana, id).await.unwrap().action
    }

    pub(crate) async fn events(&self, id: ActionId) -> Vec<&'static str> {
        let full = engine::actions::get(&self.engine, &self.ana, id).await.unwrap();
        full.events.iter().map(|event| event.event_type.as_str()).collect()
    }

    /// Moves the deadline into the past, as time would.
    pub(crate) async fn pass_deadline(&self, id: ActionId) {
        sqlx::query("UPDATE pending_actions SET expires_at = now() - interval '1 millisecond' WHERE id = $1")
            .bind(id.0)
            .execute(self.engine.pool())
            .await
            .unwrap();
    }

    /// Ends every lease, as silence would.
    pub(crate) async fn end_leases(&self) {
        sqlx::query(
            "UPDATE execution_attempts SET lease_until = now() - interval '1 millisecond' WHERE state = 'running'",
        )
        .execute(self.engine.pool())
        .await
        .unwrap();
    }
}

pub(crate) fn call(tool: &str, args: &str) -> ParkRequest {
    ParkRequest {
        tool_name: tool.to_owned(),
        tool_args: Json::parse(args.as_bytes()).unwrap(),
        agent_summary: Some("a summary".to_owned()),
        session_id: Some("session-1".to_owned()),
        why: None,
        evidence: None,
        expires_in_hours: None,
        deduplication_key: None,
        id: None,
        under_attempt: None,
    }
}

pub(crate) fn claim_of(tool: &str) -> ClaimRequest {
    ClaimRequest { tools: vec![tool.to_owned()], action_id: None, lease_seconds: 60, attempt: None }
}

pub(crate) async fn token(engine: &Engine, name: &str, scopes: &[Scope]) -> Principal {
    let new = NewToken { name: name.to_owned(), scopes: scopes.to_vec(), user: None, expires_in_days: None };
    let text = engine::identity::create_token(engine, "system:test", new).await.unwrap();
    engine::identity::authenticate_token(engine, &text).await.unwrap()
}

pub(crate) async fn person(engine: &Engine, name: &str, role: Role) -> Principal {
    let new = NewUser { name: name.to_owned(), role, password: None };
    let id: UserId = engine::identity::create_user(engine, "system:test", new).await.unwrap();
    Principal::Session(Person { id, name: name.to_owned(), role })
}

pub(crate) fn problem<T: std::fmt::Debug>(result: engine::Result<T>) -> Problem {
    match result {
        Err(engine::Error::Problem(problem)) => problem,
        other => panic!("expected a problem, got {other:?}"),
    }
}

pub(crate) fn code<T: std::fmt::Debug>(result: engine::Result<T>) -> Code {
    problem(result).code
}

pub(crate) fn scopes(scopes: &[Scope]) -> BTreeSet<Scope> {
    scopes.iter().copied().collect()
}
