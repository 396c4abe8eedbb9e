//! The simulated people and programs: agents that park, a colleague who decides, workers that run.

use std::collections::VecDeque;
use std::time::Duration;

use domain::id::ActionId;
use domain::identity::{Role, Scope};
use engine::Engine;
use engine::identity::{NewToken, NewUser, create_token, create_user};
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::catalogue::WORKERS;
use super::story::{AGENTS, Call, Story};
use super::worker;
use crate::cli::administer::ACTOR;
use crate::cli::remote::Remote;
use crate::failure::{Failure, Outcome};
use crate::serve::Server;

/// The colleague, who has an account and a token like anybody.
const COLLEAGUE: &str = "ana";
/// Parked before the newcomer looks; the colleague has decided some of them.
const FIRST_BATCH: usize = 34;
/// How many of the first batch wait still when the newcomer comes.
const WAITING_AT_FIRST: usize = 25;
/// More than this never wait: the agents take back what they asked for longest ago.
const MOST_WAITING: usize = 40;
/// From here on the colleague helps.
const COLLEAGUE_FROM: usize = 28;

/// A parked call that nobody of the team has settled yet.
struct Waiting {
    id: ActionId,
    agent: &'static str,
    suspicious: bool,
}

/// Starts them all; they end when `stopping` is cancelled.
pub(super) async fn start(server: &Server, seed: u64, pace: u64, stopping: &CancellationToken) -> Outcome<JoinSet<()>> {
    let engine = server.engine();
    let url = format!("http://{}", reachable(server));
    let program = async |name: &'static str, scopes: &[Scope]| -> Outcome<Remote> {
        let new = NewToken { name: name.to_owned(), scopes: scopes.to_vec(), ..NewToken::default() };
        Remote::with(&url, &create_token(engine, ACTOR, new).await?)
    };
    let mut tasks = JoinSet::new();
    for (index, (name, tools)) in (0..).zip(WORKERS) {
        let remote = program(name, &[Scope::ActionsExecute]).await?;
        tasks.spawn(worker::run(remote, tools, seed + index, stopping.clone()));
    }
    let mut agents = Vec::new();
    for name in AGENTS {
        agents.push((name, program(name, &[Scope::ActionsSubmit, Scope::ActionsRead]).await?));
    }
    let colleague = Remote::with(&url, &colleague_token(engine).await?)?;
    let team = Team { story: Story::new(seed), agents, colleague, waiting: VecDeque::new() };
    tasks.spawn(team.work(pace, stopping.clone()));
    Ok(tasks)
}

/// A server that listens everywhere is reached on this machine.
fn reachable(server: &Server) -> std::net::SocketAddr {
    let mut addr = server.config().addr;
    if addr.ip().is_unspecified() {
        addr.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    addr
}

async fn colleague_token(engine: &Engine) -> Outcome<String> {
    create_user(engine, ACTOR, NewUser { name: COLLEAGUE.to_owned(), role: Role::Operator, password: None }).await?;
    let new = NewToken {
        name: format!("{COLLEAGUE}-cli"),
        scopes: vec![Scope::ActionsRead, Scope::DecisionsWrite, Scope::RulesWrite],
        user: Some(COLLEAGUE.to_owned()),
        expires_in_days: Some(1),
    };
    Ok(create_token(engine, ACTOR, new).await?)
}

struct Team {
    story: Story,
    agents: Vec<(&'static str, Remote)>,
    colleague: Remote,
    /// Oldest first. The newcomer decides some of these too: a refusal then is no news.
    waiting: VecDeque<Waiting>,
}

impl Team {
    async fn work(mut self, pace: u64, stopping: CancellationToken) {
        let endless = async {
            self.make_rules().await;
            for _ in 0..FIRST_BATCH {
                self.park_next().await;
            }
            while self.waiting.len() > WAITING_AT_FIRST {
                self.decide_one().await;
            }
            loop {
                let pause = self.story.pause(pace);
                tokio::time::sleep(Duration::from_secs_f64(pause)).await;
                self.forget_settled().await;
                self.park_next().await;
                if self.waiting.len() > MOST_WAITING {
                    self.take_back_oldest().await;
                }
                if self.waiting.len() > COLLEAGUE_FROM && self.story.chance(0.6) {
                    self.decide_one().await;
                }
            }
        };
        stopping.run_until_cancelled(endless).await;
    }

    async fn make_rules(&self) {
        for draft in super::rules::drafts(chrono::Utc::now()) {
            let made = self.colleague.post("/rules", draft.to_string().into_bytes()).await;
            if let Err(failure) = made.and_then(|answer| answer.success().map(drop)) {
                warn!(%failure, "the demo's colleague did not make a rule");
            }
        }
    }

    async fn park_next(&mut self) {
        let Call { agent, body, suspicious } = self.story.next_call();
        let parked = async {
            let text = self.agent(agent)?.post("/actions", body.to_string().into_bytes()).await?.success()?;
            read::<Parked>(&text)
        };
        match parked.await {
            Ok(parked) if parked.status == "pending" => {
                self.waiting.push_back(Waiting { id: parked.id, agent, suspicious })
            }
            Ok(_) => {}
            Err(failure) => warn!(agent, %failure, "the demo's agent did not park"),
        }
    }

    /// The colleague takes something from the middle of the queue, so that its head stays for the newcomer.
    async fn decide_one(&mut self) {
        let Some(waiting) = self.waiting.remove(self.waiting.len() / 2) else { return };
        let (verb, body) = if waiting.suspicious {
            ("reject", json!({"reason": "This does not look right. Ask the person who owns it first."}))
        } else if self.story.chance(0.12) {
            ("reject", json!({"reason": "Not now: wait for the customer's answer."}))
        } else {
            ("approve", json!({"note": "Looks right."}))
        };
        // The newcomer may have been quicker.
        let _ = self.colleague.post(&format!("/actions/{}/{verb}", waiting.id), body.to_string().into_bytes()).await;
    }

    async fn take_back_oldest(&mut self) {
        let Some(waiting) = self.waiting.pop_front() else { return };
        if let Ok(agent) = self.agent(waiting.agent) {
            let body = json!({"reason": "No longer needed: it has been done by hand."});
            let _ = agent.post(&format!("/actions/{}/withdraw", waiting.id), body.to_string().into_bytes()).await;
        }
    }

    /// What was decided by somebody else does not wait any more.
    async fn forget_settled(&mut self) {
        let listed =
            async { read::<Vec<Parked>>(&self.colleague.get("/actions?status=pending&limit=500").await?.success()?) };
        if let Ok(pending) = listed.await {
            self.waiting.retain(|waiting| pending.iter().any(|action| action.id == waiting.id));
        }
    }

    fn agent(&self, name: &str) -> Outcome<&Remote> {
        let found = self.agents.iter().find(|(known, _)| *known == name);
        found.map(|(_, remote)| remote).ok_or_else(|| Failure::new(format!("the demo has no agent {name}")))
    }
}

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Deserialize)]
struct Parked {
    id: ActionId,
    status: String,
}

/// The `data` of an answer.
pub(super) fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Outcome<T> {
    let answer: Data<T> =
        serde_json::from_str(text).map_err(|error| Failure::because("the answer is not understood", &error))?;
    Ok(answer.data)
}
