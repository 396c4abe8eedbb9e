//! What the tests of the server share: a running server on a database of its own, and the `countersign` binary.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part")]

pub mod receiver;

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use domain::identity::Scope;
use engine::cluster::testing::fresh_options;
use engine::identity::{FirstSignIn, NewToken, NewUser, create_token, create_user};
use server::config::Config;
use server::postgres::Database;
use server::serve::{Server, bind};

/// A server on a free port, with a fresh database.
pub struct Running {
    pub server: Server,
    pub url: String,
    pub http: reqwest::Client,
}

impl Running {
    pub async fn start() -> Self {
        let addr = "127.0.0.1:0".parse().expect("an address");
        let listener = bind(addr).await.expect("a free port");
        let config = Config::built_in(addr, Path::new("/nowhere"), Vec::new());
        let server = Server::start(config, listener, Database::outside(fresh_options().await)).await.expect("a server");
        let url = server.config().base_url();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self { server, url, http: http.build().expect("a client") }
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method.parse().expect("a method"), format!("{}{path}", self.url))
    }

    pub async fn token(&self, name: &str, scopes: &[Scope]) -> String {
        let new = NewToken { name: name.to_owned(), scopes: scopes.to_vec(), ..NewToken::default() };
        create_token(self.server.engine(), "system:test", new).await.expect("a token")
    }

    /// A signed-in operator's session cookie, as a `Cookie` header.
    pub async fn session(&self, name: &str) -> String {
        let engine = self.server.engine();
        let new = NewUser { name: name.to_owned(), role: domain::identity::Role::Operator, password: None };
        create_user(engine, "system:test", new).await.expect("a person");
        let link = engine::identity::create_sign_in_link(engine, "system:test", name).await.expect("a link");
        let cookie = engine::identity::redeem_link(engine, &link, &Default::default()).await.expect("a session");
        format!("cs_session={cookie}")
    }

    pub async fn administrator_link(&self) -> FirstSignIn {
        self.server.first_sign_in(None).await.expect("an administrator")
    }
}

/// The binary, with nothing of this environment but what it needs.
pub fn countersign() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("COUNTERSIGN_") && name != "COUNTERSIGN_PG_BIN")
    {
        command.env_remove(name);
    }
    command.current_dir("/");
    command
}

/// A data directory; what still runs in it at the end of the test is stopped before it is removed.
pub struct DataDir(pub tempfile::TempDir);

impl DataDir {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The process id of the Postgres that runs here, if one does.
    pub fn postgres(&self) -> Option<i32> {
        let text = std::fs::read_to_string(self.path().join("postgres/postmaster.pid")).ok()?;
        let pid: i32 = text.lines().next()?.parse().ok()?;
        is_alive(pid).then_some(pid)
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        countersign().args(arguments).arg("--data-dir").arg(self.path()).output().expect("the binary runs")
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        if let Some(pid) = self.postgres() {
            signal(pid, "QUIT");
            wait_until("Postgres ends", || !is_alive(pid));
        }
    }
}

/// `countersign serve` as a process.
pub struct Serve {
    pub child: Child,
    pub url: String,
    pub said: String,
}

impl Serve {
    /// Starts it and waits until it says that it is ready.
    pub fn start(data_dir: &DataDir) -> Self {
        Self::start_with(data_dir, &[])
    }

    pub fn start_with(data_dir: &DataDir, environment: &[(&str, &str)]) -> Self {
        use std::io::{BufRead, BufReader};
        let mut child = countersign()
            .args(["serve", "--addr", "127.0.0.1:0", "--data-dir"])
            .arg(data_dir.path())
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut line = || lines.next().expect("a line").expect("text");
        let first = line();
        let url = first.strip_prefix("Countersign is ready: ").expect("the address").to_owned();
        let said = line();
        Self { child, url, said }
    }

    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a process id")
    }

    /// Asks it to stop and waits for its end.
    pub fn stop(mut self, with: &str) -> std::process::ExitStatus {
        signal(self.pid(), with);
        self.child.wait().expect("it ends")
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn signal(pid: i32, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status();
    assert!(sent.expect("kill runs").success(), "kill -{name} {pid}");
}

/// A process that has ended but was not waited for by anybody is not alive.
pub fn is_alive(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(20), "waited 20 s until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
