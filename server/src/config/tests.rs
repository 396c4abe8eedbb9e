use super::*;

fn load(flags: &ServeFlags, environment: &[(&str, &str)], file: Option<&str>) -> Result<Config, ConfigError> {
    let here = tempfile::tempdir().expect("a directory");
    if let Some(text) = file {
        std::fs::write(here.path().join("countersign.toml"), text).expect("a file");
    }
    let environment: Vec<(String, String)> = environment
        .iter()
        .chain(&[("HOME", "/home/ana")])
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let look_up = |name: &str| environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    Config::load_with(flags, look_up, here.path())
}

fn wrong(environment: &[(&str, &str)], file: Option<&str>) -> String {
    load(&ServeFlags::default(), environment, file).expect_err("it is wrong").to_string()
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let file = "addr = \"127.0.0.1:1\"\nsweep_seconds = 5\ntimezone = \"Europe/Rome\"\n";
    let environment = [("COUNTERSIGN_ADDR", "127.0.0.1:2"), ("COUNTERSIGN_SWEEP_SECONDS", "6")];
    let flags = ServeFlags { addr: Some("127.0.0.1:3".to_owned()), ..ServeFlags::default() };
    let config = load(&flags, &environment, Some(file)).expect("a configuration");
    assert_eq!(config.addr.port(), 3);
    assert_eq!(config.sweep_seconds, 6);
    assert_eq!(config.timezone, "Europe/Rome");
    assert_eq!(config.default_expiry_hours, 48);
    let shown = config.to_string();
    assert!(
        shown.lines().any(|line| line.starts_with("addr = \"127.0.0.1:3\"") && line.ends_with("# --addr")),
        "{shown}"
    );
    assert!(
        shown
            .lines()
            .any(|line| line.starts_with("sweep_seconds = 6") && line.ends_with("# COUNTERSIGN_SWEEP_SECONDS")),
        "{shown}"
    );
    assert!(
        shown.lines().any(|line| line.starts_with("default_expiry_hours = 48") && line.ends_with("# default")),
        "{shown}"
    );
}

#[test]
fn what_config_check_prints_is_a_configuration_again() {
    let file = "[tools.send_email]\nrisk_tier = \"high\"\nexecutor = \"worker\"\nsecret = [\"smtp\"]\n[tools.\"a b\"]\nidempotent = true\n";
    let config = load(&ServeFlags::default(), &[], Some(file)).expect("a configuration");
    let again = load(&ServeFlags::default(), &[], Some(&config.to_string())).expect("its own output");
    assert_eq!(again.tools, config.tools);
    assert_eq!(again.addr, config.addr);
}

#[test]
fn an_upstream_is_shown_without_its_secrets_and_read_again() {
    let file = "[upstreams.files]\ncommand = [\"files\", \"/srv\"]\nenv = { KEY = \"canary\" }\npass = [\"read_*\"]\n\
        [upstreams.mail]\nurl = \"https://mail.example/mcp\"\nheaders = { Authorization = \"Bearer canary\" }\nhold_seconds = 5\n";
    let shown = load(&ServeFlags::default(), &[], Some(file)).expect("a configuration").to_string();
    assert!(!shown.contains("canary"), "{shown}");
    let again = load(&ServeFlags::default(), &[], Some(&shown)).expect("its own output");
    let names: Vec<(&str, u64)> = again.upstreams.iter().map(|own| (own.name.as_str(), own.hold.as_secs())).collect();
    assert_eq!(names, [("files", 25), ("mail", 5)]);
    assert!(again.upstreams[0].passes("read_file"));
}

#[test]
fn an_unknown_key_is_an_error_that_names_it() {
    assert!(wrong(&[], Some("sweep_second = 5")).contains("unknown key sweep_second"));
    assert!(wrong(&[], Some("[upstream.files]\nurl = \"http://a/\"")).contains("unknown key upstream"));
    let said = wrong(&[], Some("[upstreams.files]\ncommand = \"x\""));
    assert!(said.contains("[upstreams.files]") && said.contains("sequence"), "{said}");
    let said = wrong(&[], Some("[tools.mail]\nrisk_teir = \"low\""));
    assert!(said.contains("[tools.mail]") && said.contains("risk_teir"), "{said}");
}

#[test]
fn a_wrong_value_is_an_error_that_names_key_value_and_place() {
    let said = wrong(&[("COUNTERSIGN_SWEEP_SECONDS", "0")], None);
    assert_eq!(said, "COUNTERSIGN_SWEEP_SECONDS says sweep_seconds = \"0\": must be a whole number from 1 to 86400.");
    assert!(wrong(&[("COUNTERSIGN_RETENTION_EVENTS_DAYS", "0")], None).contains("from 1 to 36500"));
    assert!(wrong(&[("COUNTERSIGN_DEFAULT_RISK_TIER", "mild")], None).contains("low, medium, high, critical"));
    assert!(wrong(&[("COUNTERSIGN_PUBLIC_URL", "https://x.example/path")], None).contains("no path"));
    assert!(wrong(&[], Some("[tools.mail]\ngating = \"open\"")).contains("open"));
}

#[test]
fn a_password_is_never_shown() {
    let url = "postgres://app:s3cr%40t@db.example:5432/countersign?sslmode=require&sslpassword=s3cret";
    let config = load(&ServeFlags::default(), &[("COUNTERSIGN_DATABASE_URL", url)], None).expect("a configuration");
    let shown = config.to_string();
    assert!(
        shown.contains("postgres://app:***@db.example:5432/countersign?sslmode=require&sslpassword=***"),
        "{shown}"
    );
    let said = wrong(&[("COUNTERSIGN_DATABASE_URL", "mysql://app:s3cret@db/x")], None);
    assert!(!said.contains("s3cret"), "{said}");
}

#[test]
fn private_places_that_may_be_called_are_a_list_in_a_file_and_a_text_elsewhere() {
    let file = "outbound_allow = [\"10.1.0.0/16\", \"tools.internal:8443\"]\n";
    let config = load(&ServeFlags::default(), &[], Some(file)).expect("a configuration");
    let shown = config.to_string();
    assert!(shown.contains(r#"outbound_allow = ["10.1.0.0/16", "tools.internal:8443"]"#), "{shown}");
    let again = load(&ServeFlags::default(), &[], Some(&shown)).expect("its own output");
    assert_eq!(again.outbound_allow, config.outbound_allow);
    let environment = [("COUNTERSIGN_OUTBOUND_ALLOW", "10.1.0.0/16, tools.internal:8443")];
    let config = load(&ServeFlags::default(), &environment, None).expect("a configuration");
    assert_eq!(config.outbound_allow, again.outbound_allow);
    assert_eq!(config.policy().outbound_allow, again.outbound_allow);
    let nothing = load(&ServeFlags::default(), &[], None).expect("a configuration");
    assert_eq!(nothing.outbound_allow, Default::default());
    assert!(wrong(&[], Some("outbound_allow = [\"localhost\"]")).contains("\"localhost\""));
    assert!(wrong(&[], Some("outbound_allow = [1]")).contains("must be a list of texts"));
    assert!(wrong(&[], Some("addr = [\"127.0.0.1:1\"]")).contains("addr"));
}

#[test]
fn the_url_of_a_tool_comes_with_its_secret_which_is_never_shown() {
    let table = |rest: &str| format!("[tools.mail]\n{rest}\n");
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let good = table(&format!(
        "executor = \"http\"\nurl = \"https://x.example/run?token=canary\"\nsigning_secret = \"{secret}\"\ntimeout_seconds = 20"
    ));
    let config = load(&ServeFlags::default(), &[], Some(&good)).expect("a configuration");
    let url = config.tools[0].url.as_ref().expect("a URL");
    assert_eq!((url.signing_secret.reveal(), url.timeout_seconds), (secret, Some(20)));
    let shown = config.to_string();
    assert!(shown.contains("signing_secret = \"***\"") && shown.contains("timeout_seconds = 20"), "{shown}");
    for text in [shown, format!("{config:?}")] {
        assert!(!text.contains("MfKQ"), "{text}");
    }
    assert!(load(&ServeFlags::default(), &[], Some(&table("executor = \"http\""))).is_ok(), "a person gives the URL");
    for (rest, why) in [
        (format!("executor = \"worker\"\nurl = \"https://x.example/\"\nsigning_secret = \"{secret}\""), "http"),
        ("executor = \"http\"\nurl = \"https://x.example/\"".to_owned(), "belong together"),
        (format!("executor = \"http\"\nsigning_secret = \"{secret}\""), "belong together"),
        (format!("executor = \"http\"\nurl = \"https://x.example/\"\nsigning_secret = \"{secret}!\""), "whsec_"),
        ("executor = \"http\"\ntimeout_seconds = 5".to_owned(), "10 to 300"),
    ] {
        let said = wrong(&[], Some(&table(&rest)));
        assert!(said.contains(why) && said.contains("[tools.mail]") && !said.contains("MfKQ"), "{said}");
    }
}

#[test]
fn a_place_in_a_file_is_meant_as_seen_from_the_file() {
    let config = load(&ServeFlags::default(), &[], Some("data_dir = \"data\"")).expect("a configuration");
    assert!(config.data_dir.is_absolute() && config.data_dir.ends_with("data"), "{}", config.data_dir.display());
}

#[test]
fn the_address_people_use_is_the_public_one_where_there_is_one() {
    let config = load(&ServeFlags::default(), &[("COUNTERSIGN_ADDR", "0.0.0.0:80")], None).expect("a configuration");
    assert_eq!((config.base_url().as_str(), config.secure_cookies()), ("http://localhost:80", false));
    let config = load(&ServeFlags::default(), &[("COUNTERSIGN_PUBLIC_URL", "https://Approvals.Example/")], None)
        .expect("a configuration");
    assert_eq!((config.base_url().as_str(), config.secure_cookies()), ("https://approvals.example", true));
}

#[test]
fn how_long_things_are_kept_is_told_and_archives_lie_with_the_data() {
    let file = "data_dir = \"data\"\nretention_decided_days = 1\nretention_every_days = 0\n";
    let config = load(&ServeFlags::default(), &[], Some(file)).expect("a configuration");
    let keep = config.policy().retention;
    assert_eq!((keep.decided_days, keep.executed_days, keep.events_days, keep.every_days), (1, 180, 365, 0));
    assert_eq!(keep.archives, Some(config.data_dir.join("archives")));
    let shown = config.to_string();
    assert!(shown.contains("retention_decided_days = 1 ") && shown.contains("retention_events_days = 365 "), "{shown}");
}
