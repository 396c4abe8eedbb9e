//! The private Postgres, on a real one: made, found again, shared, refused, and still whole after every kind of end.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use common::{DataDir, Serve, countersign, is_alive, signal, text, wait_until};
use engine::cluster::{Cluster, ClusterError, ClusterOptions, DATABASE};
use sqlx::{Connection, PgConnection};

/// Tests run as root in the house's containers, and as anybody elsewhere.
fn we_are_root() -> bool {
    nix::unistd::Uid::effective().is_root()
}

#[tokio::test]
async fn a_cluster_is_made_once_and_found_again_durable_and_closed_to_others() {
    let directory = DataDir::new();
    let options = ClusterOptions::new(directory.path());
    for _ in 0..2 {
        let cluster = Cluster::start(&options).await.expect("it starts");
        let mut connection = PgConnection::connect_with(&cluster.connect_options(DATABASE)).await.expect("it answers");
        for (setting, value) in
            [("fsync", "on"), ("listen_addresses", ""), ("server_encoding", "UTF8"), ("is_superuser", "off")]
        {
            let shown: String = sqlx::query_scalar("SELECT current_setting($1)")
                .bind(setting)
                .fetch_one(&mut connection)
                .await
                .expect("a setting");
            assert_eq!(shown, value, "{setting}");
        }
        connection.close().await.expect("it closes");
        cluster.stop().await.expect("it stops");
        assert_eq!(directory.postgres(), None);
    }
    for closed in ["postgres", "socket"] {
        let mode = std::fs::metadata(directory.path().join(closed)).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{closed}");
    }
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_works_all_the_same() {
    let directory = DataDir::new();
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).expect("ours");
    let long = directory.path().join("d".repeat(110));
    let cluster = Cluster::start(&ClusterOptions::new(&long)).await.expect("it starts");
    let connection = PgConnection::connect_with(&cluster.connect_options(DATABASE)).await.expect("it answers");
    connection.close().await.expect("it closes");
    cluster.stop().await.expect("it stops");
}

#[tokio::test]
async fn a_second_server_on_the_same_directory_is_refused_and_told_what_to_do() {
    let directory = DataDir::new();
    let options = ClusterOptions::new(directory.path());
    let first = Cluster::start(&options).await.expect("it starts");
    let error = Cluster::start(&options).await.expect_err("the directory is taken");
    assert!(matches!(error, ClusterError::Busy { .. }), "{error}");
    assert!(error.to_string().contains("--data-dir"), "{error}");
    let reached = Cluster::reach(&options).await.expect("a command reaches the first one's");
    assert!(!reached.is_ours());
    reached.stop().await.expect("that does nothing");
    assert!(directory.postgres().is_some());
    first.stop().await.expect("it stops");
}

#[tokio::test]
async fn commands_at_the_same_time_wait_for_each_other() {
    let directory = DataDir::new();
    let options = ClusterOptions::new(directory.path());
    let reach = async || {
        let cluster = Cluster::reach(&options).await.expect("it is reached");
        let connection = PgConnection::connect_with(&cluster.connect_options(DATABASE)).await.expect("it answers");
        connection.close().await.expect("it closes");
        cluster.stop().await.expect("it stops");
    };
    tokio::join!(reach(), reach(), reach());
    assert_eq!(directory.postgres(), None);
}

#[tokio::test]
async fn a_pid_file_of_a_process_that_is_something_else_by_now_is_no_obstacle() {
    let directory = DataDir::new();
    let options = ClusterOptions::new(directory.path());
    Cluster::start(&options).await.expect("it starts").stop().await.expect("it stops");
    // Our own process is alive and is no Postgres.
    let file = directory.path().join("postgres/postmaster.pid");
    std::fs::write(&file, format!("{}\n/elsewhere\n0\n5432\n\n\n\nready\n", std::process::id())).expect("a file");
    Cluster::start(&options).await.expect("it starts").stop().await.expect("it stops");
}

#[tokio::test]
async fn a_directory_of_another_major_version_is_left_alone() {
    let directory = DataDir::new();
    let cluster = directory.path().join("postgres");
    std::fs::create_dir(&cluster).expect("a directory");
    std::fs::write(cluster.join("PG_VERSION"), "9\n").expect("a file");
    let error = Cluster::start(&ClusterOptions::new(directory.path())).await.expect_err("nobody has 9");
    assert!(matches!(error, ClusterError::WrongMajor { made_by: 9, .. }), "{error}");
    assert_eq!(std::fs::read_dir(&cluster).expect("a directory").count(), 1);
}

#[tokio::test]
async fn a_directory_without_postgres_programs_is_named_in_the_refusal() {
    let directory = DataDir::new();
    let options = ClusterOptions { binaries: Some(PathBuf::from("/nowhere")), ..ClusterOptions::new(directory.path()) };
    let error = Cluster::start(&options).await.expect_err("nothing is there");
    assert!(error.to_string().contains("COUNTERSIGN_PG_BIN"), "{error}");
}

#[test]
fn a_directory_that_cannot_be_made_or_reached_is_an_error_with_a_remedy() {
    let place = DataDir::new();
    std::fs::write(place.path().join("file"), "").expect("a file");
    let output =
        countersign().args(["migrate", "--data-dir"]).arg(place.path().join("file/below")).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("making the data directory failed"), "{}", text(&output.stderr));
    if we_are_root() {
        // Postgres runs as another user then, to whom a closed parent is closed.
        std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o700)).expect("ours");
        let output =
            countersign().args(["migrate", "--data-dir"]).arg(place.path().join("below")).output().expect("it runs");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert!(said.contains("closed to that user") && said.contains("--data-dir"), "{said}");
    }
}

#[test]
fn a_token_is_made_while_serve_runs_and_while_it_does_not() {
    let directory = DataDir::new();
    let create = |name: &str| {
        let output = directory.run(&["token", "create", "--name", name, "--scope", "actions:submit,actions:read"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let said = text(&output.stdout);
        assert!(said.starts_with("cs_agent_") && said.lines().count() == 1, "{said:?}");
        assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    };
    create("before");
    assert_eq!(directory.postgres(), None, "a command leaves nothing running");
    let serve = Serve::start(&directory);
    create("meanwhile");
    assert!(serve.stop("TERM").success());
    create("after");
}

#[test]
fn serve_stops_postgres_with_itself() {
    for with in ["TERM", "INT", "HUP"] {
        let directory = DataDir::new();
        let serve = Serve::start(&directory);
        assert!(directory.postgres().is_some());
        assert!(serve.stop(with).success(), "{with}");
        assert_eq!(directory.postgres(), None, "{with}");
    }
}

#[test]
fn control_c_in_a_terminal_reaches_serve_and_not_the_postgres_under_it() {
    let directory = DataDir::new();
    let serve = Serve::start(&directory);
    let postgres = directory.postgres().expect("it runs");
    let group = |pid: i32| nix::unistd::getpgid(Some(nix::unistd::Pid::from_raw(pid))).expect("a process group");
    assert_ne!(group(postgres), group(serve.pid()));
    assert!(serve.stop("INT").success());
}

#[test]
fn a_killed_serve_is_followed_by_one_that_has_everything() {
    let directory = DataDir::new();
    let first = Serve::start(&directory);
    assert!(first.said.starts_with("Sign in once with: http://127.0.0.1:"), "{}", first.said);
    let made = directory.run(&["token", "create", "--name", "kept", "--scope", "actions:read"]);
    assert!(made.status.success());
    let orphan = directory.postgres().expect("it runs");
    first.stop("KILL");
    assert!(is_alive(orphan), "nobody told Postgres");
    let second = Serve::start(&directory);
    assert!(!is_alive(orphan));
    assert!(second.said.contains("countersign user link admin"), "{}", second.said);
    let listed = directory.run(&["token", "list"]);
    assert!(text(&listed.stdout).contains("kept"));
    assert!(second.stop("TERM").success());
}

#[test]
fn a_killed_postgres_is_started_again_under_a_running_serve() {
    let directory = DataDir::new();
    let serve = Serve::start(&directory);
    let before = directory.postgres().expect("it runs");
    signal(before, "KILL");
    wait_until("another Postgres runs", || directory.postgres().is_some_and(|pid| pid != before));
    let ready = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let answer = runtime.block_on(async { reqwest::get(format!("{}/readyz", serve.url)).await });
        answer.is_ok_and(|answer| answer.status() == 200)
    };
    wait_until("it is ready again", ready);
    assert!(serve.stop("TERM").success());
}

#[test]
fn a_taken_port_is_an_error_that_names_it_and_leaves_nothing_behind() {
    let directory = DataDir::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("an address").to_string();
    let output = directory.run(&["serve", "--addr", &addr]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains(&addr) && said.contains("--addr"), "{said}");
    assert_eq!(directory.postgres(), None);
}

#[test]
fn the_administrators_password_comes_from_the_environment() {
    let directory = DataDir::new();
    let serve = Serve::start_with(&directory, &[("COUNTERSIGN_ADMIN_PASSWORD", "correct horse battery staple")]);
    assert!(serve.said.contains("Sign in as admin"), "{}", serve.said);
    assert!(serve.stop("TERM").success());
}

#[test]
fn a_database_of_a_newer_program_is_refused_and_stopped_again() {
    let directory = DataDir::new();
    assert!(directory.run(&["migrate"]).status.success());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let cluster = Cluster::start(&ClusterOptions::new(directory.path())).await.expect("it starts");
        let mut connection = PgConnection::connect_with(&cluster.connect_options(DATABASE)).await.expect("it answers");
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', true, '', 0)";
        sqlx::query(newer).execute(&mut connection).await.expect("a row");
        connection.close().await.expect("it closes");
        cluster.stop().await.expect("it stops");
    });
    for command in [&["serve", "--addr", "127.0.0.1:0"][..], &["migrate"], &["token", "list"]] {
        let output = directory.run(command);
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        let said = text(&output.stderr);
        assert!(said.contains("newer Countersign"), "{command:?}: {said}");
        assert_eq!(directory.postgres(), None, "{command:?}");
    }
}

#[test]
fn a_throw_away_cluster_disappears_with_the_process_that_made_it_even_when_that_is_killed() {
    let child = countersign()
        .args(["demo", "--addr", "127.0.0.1:0"])
        .env_remove("COUNTERSIGN_ADDR")
        .env("TMPDIR", "/tmp")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it runs");
    let mut demo = KilledOnDrop(child);
    let mut found = None;
    wait_until("its Postgres runs", || {
        found = postgres_child_of(demo.id());
        found.is_some()
    });
    let (pid, cluster) = found.expect("it was waited for");
    demo.kill().expect("it is killed");
    demo.wait().expect("it ends");
    wait_until("Postgres is gone", || !is_alive(pid));
    wait_until("the files are gone", || !cluster.exists());
}

/// The Postgres that process `parent` has started, and its directory.
fn postgres_child_of(parent: u32) -> Option<(i32, PathBuf)> {
    std::fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let (_, rest) = stat.rsplit_once(") ")?;
        let is_child = rest.split(' ').nth(1)? == parent.to_string();
        // A server works in its cluster; `postgres --version` and the like do not.
        let cluster = std::fs::read_link(entry.path().join("cwd")).ok()?;
        (is_child && stat.contains("(postgres)") && cluster.join("PG_VERSION").exists()).then_some((pid, cluster))
    })
}

/// A child that does not outlive a failed test.
struct KilledOnDrop(std::process::Child);

impl std::ops::Deref for KilledOnDrop {
    type Target = std::process::Child;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl std::ops::DerefMut for KilledOnDrop {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
