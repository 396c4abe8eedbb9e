//! Administering people, sessions and tokens: who may, what it takes away at once, and what always stays.

use domain::event::EventType;
use domain::id::TokenId;
use domain::identity::{Person, Principal, Role, Scope};
use domain::json::Json;
use domain::page::Limit;
use domain::people::TokenStanding;
use domain::problem::Code;
use engine::decisions::{Approve, approve};
use engine::identity::{
    NewToken, NewUser, SignInFrom, TokenFilter, authenticate_session, authenticate_token, change_password,
    create_sign_in_link, create_token, create_user, disable_user, enable_user, invite, is_current, issue_token,
    list_people, list_sessions, list_tokens, person, redeem_link, revoke_session, revoke_sessions, revoke_token,
    set_password, set_role, sign_in,
};
use engine::{Engine, audit};
use uuid::Uuid;

use crate::stage::{Stage, code, person as someone, problem, token};

const PASSWORD: &str = "correct horse";

fn from(user_agent: &str) -> SignInFrom {
    SignInFrom { address: "127.0.0.1".to_owned(), user_agent: Some(user_agent.to_owned()) }
}

/// Somebody with a password, signed in: the cookie, and who they are by it.
async fn signed_in(engine: &Engine, name: &str, role: Role) -> (String, Principal, Uuid) {
    let new = NewUser { name: name.to_owned(), role, password: Some(PASSWORD.to_owned()) };
    create_user(engine, "system:test", new).await.unwrap();
    again(engine, name).await
}

async fn again(engine: &Engine, name: &str) -> (String, Principal, Uuid) {
    let cookie = sign_in(engine, name, PASSWORD, &from("curl/8")).await.unwrap();
    let session = authenticate_session(engine, &cookie).await.unwrap();
    (cookie, session.principal, session.session_id)
}

fn token_of(name: &str, user: &str, scopes: &[Scope]) -> NewToken {
    NewToken { name: name.to_owned(), scopes: scopes.to_vec(), user: Some(user.to_owned()), expires_in_days: None }
}

/// The metadata of the newest event of a kind, and who it was.
async fn newest(engine: &Engine, kind: EventType) -> (String, Json) {
    let events = audit::since(engine, 0).await.unwrap();
    let event = events.into_iter().rfind(|event| event.event_type == kind).expect("such an event");
    (event.actor, event.event_metadata)
}

fn says(metadata: &Json, member: &str) -> String {
    metadata.get(member).map(Json::canonical).unwrap_or_default()
}

#[tokio::test]
async fn a_colleague_is_invited_signs_in_once_and_is_listed() {
    let stage = Stage::new().await;
    let invited = invite(&stage.engine, &stage.ana, "cleo", Role::Operator, None).await.unwrap();
    assert!(invited.person.has_link && !invited.person.has_password);
    let cookie = redeem_link(&stage.engine, &invited.link.unwrap(), &from("curl/8")).await.unwrap();
    let cleo = authenticate_session(&stage.engine, &cookie).await.unwrap().principal;
    assert_eq!(cleo.actor(), "human:cleo");
    let page = list_people(&stage.engine, &stage.ana, None, Limit::DEFAULT).await.unwrap();
    let names: Vec<_> = page.items.iter().map(|person| person.name.as_str()).collect();
    assert_eq!((names, page.total, page.next), (vec!["ana", "ben", "cleo"], Some(3), None));
    let cleo = &page.items[2];
    assert_eq!((cleo.sessions, cleo.tokens, cleo.has_link), (1, 0, false));
    assert!(cleo.last_seen_at.is_some() && page.items[0].last_seen_at.is_none());
    let (actor, metadata) = newest(&stage.engine, EventType::UserCreated).await;
    assert_eq!((actor.as_str(), says(&metadata, "role").as_str()), ("human:ana", "\"operator\""));
}

#[tokio::test]
async fn people_are_listed_in_pages_without_gaps() {
    let stage = Stage::new().await;
    for name in ["dan", "cleo", "eve"] {
        someone(&stage.engine, name, Role::Viewer).await;
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = list_people(&stage.engine, &stage.ana, after.as_deref(), Limit::new(2).unwrap()).await.unwrap();
        assert!(page.items.len() <= 2 && page.total == Some(5));
        seen.extend(page.items.into_iter().map(|person| person.name));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["ana", "ben", "cleo", "dan", "eve"]);
}

#[tokio::test]
async fn only_administrators_administer() {
    let stage = Stage::new().await;
    let engine = &stage.engine;
    let reads = create_token(engine, "system:test", token_of("ana-cli", "ana", &[Scope::ActionsRead])).await.unwrap();
    let reads = authenticate_token(engine, &reads).await.unwrap();
    for (who, told) in
        [(&stage.ben, Code::Forbidden), (&reads, Code::Forbidden), (&stage.agent, Code::HumanActorRequired)]
    {
        assert_eq!(code(invite(engine, who, "cleo", Role::Admin, None).await), told);
        assert_eq!(code(list_people(engine, who, None, Limit::DEFAULT).await), told);
        assert_eq!(code(set_role(engine, who, "ben", Role::Admin).await), told);
        assert_eq!(code(disable_user(engine, who, "ana").await), told);
        assert_eq!(code(enable_user(engine, who, "ana").await), told);
        assert_eq!(code(create_sign_in_link(engine, who, "ana").await), told);
        assert_eq!(code(set_password(engine, who, "ana", "a new password").await), told);
        // Whether somebody of the name is there is not told either.
        assert_eq!(code(person(engine, who, "nobody").await), told);
        assert_eq!(code(list_sessions(engine, who, "ana", None, None, Limit::DEFAULT).await), told);
        assert_eq!(code(revoke_sessions(engine, who, "ana", None).await), told);
        let program = NewToken { name: "bot".to_owned(), scopes: vec![Scope::ActionsRead], ..NewToken::default() };
        assert_eq!(code(create_token(engine, who, program).await), told);
        assert_eq!(code(create_token(engine, who, token_of("x", "ana", &[Scope::ActionsRead])).await), told);
    }
    assert_eq!(list_people(engine, &stage.ana, None, Limit::DEFAULT).await.unwrap().total, Some(2));
    // A token of an administrator that says so may.
    let admin = create_token(engine, &stage.ana, token_of("ana-admin", "ana", &[Scope::Admin])).await.unwrap();
    let admin = authenticate_token(engine, &admin).await.unwrap();
    assert!(invite(engine, &admin, "cleo", Role::Operator, None).await.unwrap().link.is_some());
}

#[tokio::test]
async fn names_that_deceive_are_refused() {
    let stage = Stage::new().await;
    for name in ["", "Ana", "an\u{430}", "ana\u{200b}", "ana\u{202e}", "ana\n", "<b>", "a b", "-a"] {
        let refused = problem(invite(&stage.engine, &stage.ana, name, Role::Viewer, None).await);
        assert_eq!((refused.code, refused.errors[0].pointer.as_str()), (Code::InvalidRequest, "/name"), "{name:?}");
        let token =
            NewToken { name: format!("{name}\u{200b}"), scopes: vec![Scope::ActionsRead], ..Default::default() };
        assert_eq!(code(create_token(&stage.engine, &stage.ana, token).await), Code::InvalidRequest);
    }
    assert_eq!(
        problem(invite(&stage.engine, &stage.ana, "ben", Role::Viewer, None).await).errors[0].message,
        "ben is taken"
    );
}

#[tokio::test]
async fn an_invitation_made_again_under_its_id_adds_nobody_and_shows_no_link() {
    let stage = Stage::new().await;
    let id = Some(Uuid::now_v7());
    let first = invite(&stage.engine, &stage.ana, "cleo", Role::Viewer, id).await.unwrap();
    let second = invite(&stage.engine, &stage.ana, "cleo", Role::Viewer, id).await.unwrap();
    assert_eq!((first.person.id, second.link), (second.person.id, None));
    assert!(redeem_link(&stage.engine, &first.link.unwrap(), &from("curl")).await.is_ok());
    let new = || NewToken { name: "bot".to_owned(), scopes: vec![Scope::ActionsRead], ..NewToken::default() };
    let first = issue_token(&stage.engine, &stage.ana, new(), id).await.unwrap();
    let second = issue_token(&stage.engine, &stage.ana, new(), id).await.unwrap();
    assert_eq!((first.token.id, second.secret), (second.token.id, None));
    assert!(authenticate_token(&stage.engine, &first.secret.unwrap()).await.is_ok());
}

#[tokio::test]
async fn a_new_link_takes_the_place_of_the_old_one() {
    let stage = Stage::new().await;
    let old = create_sign_in_link(&stage.engine, &stage.ana, "ben").await.unwrap();
    let new = create_sign_in_link(&stage.engine, &stage.ana, "ben").await.unwrap();
    assert_eq!(code(redeem_link(&stage.engine, &old, &from("curl")).await), Code::Unauthenticated);
    assert!(redeem_link(&stage.engine, &new, &from("curl")).await.is_ok());
    assert_eq!(code(create_sign_in_link(&stage.engine, &stage.ana, "nobody").await), Code::NotFound);
}

#[tokio::test]
async fn a_smaller_role_is_what_sessions_and_tokens_are_judged_by_from_the_next_request_on() {
    let stage = Stage::new().await;
    let (cookie, _, _) = signed_in(&stage.engine, "cleo", Role::Operator).await;
    let text = create_token(&stage.engine, &stage.ana, token_of("cleo-cli", "cleo", &[Scope::DecisionsWrite]));
    let text = text.await.unwrap();
    let changed = set_role(&stage.engine, &stage.ana, "cleo", Role::Viewer).await.unwrap();
    assert_eq!(changed.role, Role::Viewer);
    let action = stage.park("send_email", "{}").await;
    let session = authenticate_session(&stage.engine, &cookie).await.unwrap().principal;
    let token = authenticate_token(&stage.engine, &text).await.unwrap();
    for who in [session, token] {
        assert_eq!(code(approve(&stage.engine, &who, action.id, Approve::default()).await), Code::Forbidden);
    }
    let (actor, metadata) = newest(&stage.engine, EventType::UserChanged).await;
    assert_eq!(actor, "human:ana");
    let told = ["name", "changed", "before", "after"].map(|member| says(&metadata, member));
    assert_eq!(told, ["\"cleo\"", "\"role\"", "\"operator\"", "\"viewer\""]);
    // The same role again is no change.
    let before = audit::newest(&stage.engine).await.unwrap();
    set_role(&stage.engine, &stage.ana, "cleo", Role::Viewer).await.unwrap();
    assert_eq!(audit::newest(&stage.engine).await.unwrap(), before);
}

#[tokio::test]
async fn what_a_disabled_person_had_does_not_come_back_with_them() {
    let stage = Stage::new().await;
    let (cookie, principal, session) = signed_in(&stage.engine, "cleo", Role::Operator).await;
    let text = create_token(&stage.engine, &principal, token_of("cleo-cli", "cleo", &[Scope::ActionsRead])).await;
    let (text, link) = (text.unwrap(), create_sign_in_link(&stage.engine, &stage.ana, "cleo").await.unwrap());
    assert!(is_current(&stage.engine, &principal, Some(session)).await.unwrap());
    disable_user(&stage.engine, &stage.ana, "cleo").await.unwrap();
    assert!(!is_current(&stage.engine, &principal, Some(session)).await.unwrap(), "a live stream ends");
    let new = token_of("late", "cleo", &[Scope::ActionsRead]);
    assert_eq!(code(create_token(&stage.engine, &principal, new).await), Code::InvalidRequest);
    assert_eq!(code(create_sign_in_link(&stage.engine, &stage.ana, "cleo").await), Code::NotFound);
    let (_, metadata) = newest(&stage.engine, EventType::UserChanged).await;
    let told = ["changed", "sessions_ended", "tokens_revoked"].map(|member| says(&metadata, member));
    assert_eq!(told, ["\"disabled\"", "1", "1"]);

    let back = enable_user(&stage.engine, &stage.ana, "cleo").await.unwrap();
    assert_eq!((back.disabled_at, back.sessions, back.tokens, back.has_link), (None, 0, 0, false));
    assert_eq!(code(authenticate_session(&stage.engine, &cookie).await), Code::Unauthenticated);
    assert_eq!(code(authenticate_token(&stage.engine, &text).await), Code::Unauthenticated);
    assert_eq!(code(redeem_link(&stage.engine, &link, &from("curl")).await), Code::Unauthenticated);
    assert!(sign_in(&stage.engine, "cleo", PASSWORD, &from("curl")).await.is_ok());
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let stage = Stage::new().await;
    for last in [
        code(set_role(&stage.engine, &stage.ana, "ana", Role::Operator).await),
        code(disable_user(&stage.engine, &stage.ana, "ana").await),
        code(disable_user(&stage.engine, "system:cli", "ana").await),
    ] {
        assert_eq!(last, Code::LastAdministrator);
    }
    set_role(&stage.engine, &stage.ana, "ben", Role::Admin).await.unwrap();
    set_role(&stage.engine, &stage.ana, "ana", Role::Operator).await.unwrap();
    // Ana's request had begun when she still was one.
    assert_eq!(code(set_role(&stage.engine, &stage.ana, "ben", Role::Operator).await), Code::Forbidden);
    // One who is disabled does not count.
    set_role(&stage.engine, "system:test", "ana", Role::Admin).await.unwrap();
    disable_user(&stage.engine, "system:test", "ana").await.unwrap();
    assert_eq!(code(disable_user(&stage.engine, "system:test", "ben").await), Code::LastAdministrator);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_administrators_who_remove_each_other_at_once_leave_one() {
    let stage = Stage::new().await;
    let twin = stage.twin().await;
    for round in 0..40 {
        set_role(&stage.engine, "system:test", "ben", Role::Admin).await.unwrap();
        set_role(&stage.engine, "system:test", "ana", Role::Admin).await.unwrap();
        let (one, other) = if round % 2 == 0 {
            tokio::join!(
                set_role(&stage.engine, &stage.ana, "ben", Role::Operator),
                set_role(&twin, &stage.ben, "ana", Role::Operator)
            )
        } else {
            // By whoever runs the program, who is beyond any role.
            tokio::join!(
                disable_user(&stage.engine, "system:cli", "ben"),
                set_role(&twin, "system:cli", "ana", Role::Viewer)
            )
        };
        assert!(one.is_ok() != other.is_ok(), "exactly one of the two was done");
        let people = list_people(&stage.engine, "system:test", None, Limit::DEFAULT).await.unwrap().items;
        let in_office = people.iter().filter(|person| person.role == Role::Admin && person.disabled_at.is_none());
        assert_eq!(in_office.count(), 1);
        enable_user(&stage.engine, "system:test", "ben").await.unwrap();
    }
}

#[tokio::test]
async fn a_person_sees_and_ends_their_own_sessions_and_nobody_elses() {
    let stage = Stage::new().await;
    let engine = &stage.engine;
    let (first, cleo, this) = signed_in(engine, "cleo", Role::Viewer).await;
    let firefox = from("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
    let second = sign_in(engine, "cleo", PASSWORD, &firefox).await.unwrap();
    let (other, _, others) = signed_in(engine, "dan", Role::Viewer).await;

    let page = list_sessions(engine, &cleo, "cleo", Some(this), None, Limit::DEFAULT).await.unwrap();
    let seen: Vec<_> = page.items.iter().map(|session| (session.browser.as_str(), session.current)).collect();
    assert_eq!(seen, [("Firefox on Linux", false), ("curl", true)]);
    let two = list_sessions(engine, &cleo, "cleo", Some(this), None, Limit::new(1).unwrap()).await.unwrap();
    let rest = list_sessions(
        engine,
        &cleo,
        "cleo",
        Some(this),
        two.next.map(|next| next.parse().unwrap()),
        Limit::new(1).unwrap(),
    )
    .await
    .unwrap();
    assert_eq!((rest.items[0].id, rest.next), (this, None));

    assert_eq!(code(revoke_session(engine, &cleo, others).await), Code::NotFound);
    assert!(authenticate_session(engine, &other).await.is_ok());
    revoke_session(engine, &cleo, page.items[0].id).await.unwrap();
    assert_eq!(code(authenticate_session(engine, &second).await), Code::Unauthenticated);
    assert_eq!(newest(engine, EventType::SessionRevoked).await.0, "human:cleo");

    again(engine, "cleo").await;
    again(engine, "cleo").await;
    assert_eq!(revoke_sessions(engine, &cleo, "cleo", Some(this)).await.unwrap(), 2);
    assert!(authenticate_session(engine, &first).await.is_ok(), "the one that asks stays");
    // An administrator ends anybody's.
    assert_eq!(revoke_session(engine, &stage.ana, others).await.unwrap(), "dan");
    assert_eq!(code(authenticate_session(engine, &other).await), Code::Unauthenticated);
    assert_eq!(revoke_sessions(engine, &stage.ana, "cleo", None).await.unwrap(), 1);
    assert_eq!(code(authenticate_session(engine, &first).await), Code::Unauthenticated);
}

#[tokio::test]
async fn ones_own_password_needs_the_present_one_and_ends_the_other_sessions() {
    let stage = Stage::new().await;
    let engine = &stage.engine;
    let (cookie, cleo, this) = signed_in(engine, "cleo", Role::Viewer).await;
    let (other, _, _) = again(engine, "cleo").await;
    let wrong = problem(change_password(engine, &cleo, Some(this), "wrong", "short").await);
    let pointers: Vec<_> = wrong.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(pointers, ["/present_password", "/new_password"], "everything wrong at once");
    assert_eq!(change_password(engine, &cleo, Some(this), PASSWORD, "battery staple").await.unwrap(), 1);
    assert_eq!(code(authenticate_session(engine, &other).await), Code::Unauthenticated);
    assert!(authenticate_session(engine, &cookie).await.is_ok());
    assert_eq!(code(sign_in(engine, "cleo", PASSWORD, &from("curl")).await), Code::Unauthenticated);
    assert!(sign_in(engine, "cleo", "battery staple", &from("curl")).await.is_ok());
    // Ben has none yet: he came by a link.
    assert_eq!(change_password(engine, &stage.ben, None, "", "battery staple").await.unwrap(), 0);
    let held = create_token(engine, "system:test", token_of("cleo-cli", "cleo", &[Scope::ActionsRead])).await.unwrap();
    let held = authenticate_token(engine, &held).await.unwrap();
    assert_eq!(code(change_password(engine, &held, None, "battery staple", "another one").await), Code::Forbidden);
}

#[tokio::test]
async fn guessing_at_the_password_in_an_open_browser_is_throttled() {
    let stage = Stage::new().await;
    let (_, cleo, this) = signed_in(&stage.engine, "cleo", Role::Viewer).await;
    for _ in 0..5 {
        let refused = change_password(&stage.engine, &cleo, Some(this), "a guess", "battery staple").await;
        assert_eq!(code(refused), Code::InvalidRequest);
    }
    let refused = change_password(&stage.engine, &cleo, Some(this), PASSWORD, "battery staple").await;
    assert_eq!(code(refused), Code::RateLimited);
    assert_eq!(newest(&stage.engine, EventType::SignInFailed).await.0, "human:cleo");
}

#[tokio::test]
async fn a_person_makes_tokens_no_wider_than_their_role() {
    let stage = Stage::new().await;
    let engine = &stage.engine;
    let mine = [Scope::ActionsRead, Scope::DecisionsWrite];
    let text = create_token(engine, &stage.ben, token_of("ben-cli", "ben", &mine)).await.unwrap();
    assert!(text.starts_with("cs_user_"));
    for wide in [Scope::Admin, Scope::ToolsWrite, Scope::ActionsExecute] {
        let wrong =
            problem(create_token(engine, &stage.ben, token_of("wide", "ben", &[Scope::ActionsRead, wide])).await);
        assert_eq!((wrong.code, wrong.errors[0].pointer.as_str()), (Code::InvalidRequest, "/scopes/1"), "{wide}");
    }
    // Nor does an administrator give somebody more than their role.
    assert_eq!(
        code(create_token(engine, &stage.ana, token_of("x", "ben", &[Scope::Admin])).await),
        Code::InvalidRequest
    );
    assert!(create_token(engine, &stage.ana, token_of("runner", "ben", &[Scope::ActionsExecute])).await.is_ok());
    let vic = someone(engine, "vic", Role::Viewer).await;
    assert_eq!(code(create_token(engine, &vic, token_of("v", "vic", &[Scope::ActionsRead])).await), Code::Forbidden);
    // A token makes no tokens: whoever finds one has that one alone.
    let held = authenticate_token(engine, &text).await.unwrap();
    assert_eq!(code(create_token(engine, &held, token_of("y", "ben", &mine)).await), Code::Forbidden);
    let everything = NewToken {
        name: "\u{202e}".to_owned(),
        scopes: vec![Scope::DecisionsWrite],
        user: None,
        expires_in_days: Some(0),
    };
    assert_eq!(problem(create_token(engine, &stage.ana, everything).await).errors.len(), 3, "everything wrong at once");
}

#[tokio::test]
async fn tokens_are_listed_to_whom_they_concern_and_revoked_by_them() {
    let stage = Stage::new().await;
    let engine = &stage.engine;
    let text = create_token(engine, &stage.ben, token_of("ben-cli", "ben", &[Scope::ActionsRead])).await.unwrap();
    let all = list_tokens(engine, &stage.ana, &TokenFilter::default()).await.unwrap();
    assert_eq!(all.total, Some(3));
    let newest = &all.items[0];
    assert_eq!((newest.name.as_str(), newest.created_by.as_str()), ("ben-cli", "human:ben"));
    let own = list_tokens(engine, &stage.ben, &TokenFilter::default()).await.unwrap();
    assert_eq!((own.total, own.items[0].name.as_str()), (Some(1), "ben-cli"));
    let anothers = TokenFilter { user: Some("ana".to_owned()), ..TokenFilter::default() };
    assert_eq!(code(list_tokens(engine, &stage.ben, &anothers).await), Code::Forbidden);
    assert_eq!(code(list_tokens(engine, &stage.agent, &TokenFilter::default()).await), Code::HumanActorRequired);

    let program = all.items.iter().find(|token| token.user.is_none()).unwrap().id;
    assert_eq!(code(revoke_token(engine, &stage.ben, program).await), Code::NotFound);
    assert_eq!(code(revoke_token(engine, &stage.agent, program).await), Code::HumanActorRequired);
    assert_eq!(code(revoke_token(engine, &stage.ana, TokenId(Uuid::nil())).await), Code::NotFound);
    let revoked = revoke_token(engine, &stage.ben, own.items[0].id).await.unwrap();
    assert!(revoked.revoked_at.is_some());
    assert_eq!(code(authenticate_token(engine, &text).await), Code::Unauthenticated);
    // Again: it stays as it is, and nothing more is written.
    let before = audit::newest(engine).await.unwrap();
    assert_eq!(revoke_token(engine, &stage.ana, revoked.id).await.unwrap().revoked_at, revoked.revoked_at);
    assert_eq!(audit::newest(engine).await.unwrap(), before);
    for (standing, count) in [(TokenStanding::Active, 2), (TokenStanding::Ended, 1)] {
        let filter = TokenFilter { standing: Some(standing), ..TokenFilter::default() };
        assert_eq!(list_tokens(engine, &stage.ana, &filter).await.unwrap().total, Some(count));
    }
    let mut filter = TokenFilter { limit: Limit::new(1).unwrap(), ..TokenFilter::default() };
    let mut seen = Vec::new();
    for _ in 0..3 {
        let page = list_tokens(engine, &stage.ana, &filter).await.unwrap();
        seen.push(page.items[0].name.clone());
        filter.after = page.next.map(|next| next.parse().unwrap());
    }
    assert_eq!((seen, filter.after), (vec!["ben-cli".to_owned(), "worker".to_owned(), "agent".to_owned()], None));
}

#[tokio::test]
async fn secrets_are_in_no_event_and_no_table_in_clear() {
    let stage = Stage::new().await;
    let engine = &stage.engine;
    let link = invite(engine, &stage.ana, "cleo", Role::Operator, None).await.unwrap().link.unwrap();
    let other = create_sign_in_link(engine, &stage.ana, "ben").await.unwrap();
    let text = create_token(engine, &stage.ana, token_of("ana-cli", "ana", &[Scope::Admin])).await.unwrap();
    let secret = text.splitn(4, '_').nth(3).unwrap().to_owned();
    change_password(engine, &stage.ben, None, "", "never written down").await.unwrap();
    let _ = change_password(engine, &stage.ben, None, "a guess of his", "short").await;
    let held: String = sqlx::query_scalar(
        "SELECT concat((SELECT json_agg(e) FROM approval_events e), (SELECT json_agg(u) FROM users u),
                       (SELECT json_agg(t) FROM api_tokens t), (SELECT json_agg(l) FROM sign_in_links l))",
    )
    .fetch_one(engine.pool())
    .await
    .unwrap();
    for secret in [link.as_str(), &other, &secret, "never written down", "a guess of his"] {
        assert!(!held.contains(secret), "{secret}");
    }
    assert!(held.contains("cleo") && held.contains("ana-cli"));
}

#[tokio::test]
async fn an_administrator_by_token_is_judged_by_the_present_role() {
    let stage = Stage::new().await;
    let engine = &stage.engine;
    someone(engine, "cleo", Role::Admin).await;
    let text = create_token(engine, "system:test", token_of("cleo-admin", "cleo", &[Scope::Admin])).await.unwrap();
    set_role(engine, &stage.ana, "cleo", Role::Operator).await.unwrap();
    let held = authenticate_token(engine, &text).await.unwrap();
    assert_eq!(code(invite(engine, &held, "dan", Role::Admin, None).await), Code::Forbidden);
    let Principal::PersonToken(Person { role, .. }, _) = held else { panic!("a person's token") };
    assert_eq!(role, Role::Operator);
    // A program's token has no say however its scopes were written.
    let bot = token(engine, "bot", &[Scope::ActionsRead]).await;
    assert_eq!(code(disable_user(engine, &bot, "ana").await), Code::HumanActorRequired);
}
