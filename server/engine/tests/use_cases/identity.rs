//! Who is asking, and what they may do.

use domain::identity::{Role, Scope};
use domain::problem::Code;
use engine::decisions::{Approve, approve};
use engine::identity::{
    FirstSignIn, NewToken, NewUser, SignInFrom, authenticate_session, authenticate_token, create_token, create_user,
    disable_user, ensure_administrator, redeem_link, revoke_token_called, sign_in, sign_out,
};

use crate::stage::{Stage, code, person, scopes, token};

fn from() -> SignInFrom {
    SignInFrom { address: "127.0.0.1".to_owned(), user_agent: None }
}

#[tokio::test]
async fn an_agents_token_can_never_decide_and_never_be_made_to() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    assert_eq!(
        code(approve(&stage.engine, &stage.agent, action.id, Approve::default()).await),
        Code::HumanActorRequired
    );
    let greedy = NewToken { name: "greedy".to_owned(), scopes: vec![Scope::DecisionsWrite], ..NewToken::default() };
    assert_eq!(code(create_token(&stage.engine, "human:ana", greedy).await), Code::InvalidRequest);
}

#[tokio::test]
async fn a_viewer_reads_and_decides_nothing() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    let viewer = person(&stage.engine, "vic", Role::Viewer).await;
    assert!(engine::actions::get(&stage.engine, &viewer, action.id).await.is_ok());
    assert_eq!(code(approve(&stage.engine, &viewer, action.id, Approve::default()).await), Code::Forbidden);
    assert!(engine::console::detail(&stage.engine, &viewer, action.id).await.unwrap().verbs.is_empty());
}

#[tokio::test]
async fn an_agent_sees_its_own_actions_and_nobody_elses() {
    let stage = Stage::new().await;
    let action = stage.park("send_email", "{}").await;
    let other = token(&stage.engine, "other", &[Scope::ActionsSubmit]).await;
    assert_eq!(code(engine::actions::get(&stage.engine, &other, action.id).await), Code::NotFound);
    let filter = domain::filter::ActionFilter::default();
    assert_eq!(engine::actions::list(&stage.engine, &other, &filter).await.unwrap().total, Some(0));
    assert_eq!(engine::actions::list(&stage.engine, &stage.agent, &filter).await.unwrap().total, Some(1));
    assert_eq!(code(engine::decisions::withdraw(&stage.engine, &other, action.id, None).await), Code::NotFound);
}

#[tokio::test]
async fn a_persons_token_decides_within_its_scopes_until_it_is_revoked() {
    let stage = Stage::new().await;
    let new = NewToken {
        name: "ana-cli".to_owned(),
        scopes: vec![Scope::ActionsRead, Scope::DecisionsWrite],
        user: Some("ana".to_owned()),
        expires_in_days: None,
    };
    let text = create_token(&stage.engine, "human:ana", new).await.unwrap();
    let principal = authenticate_token(&stage.engine, &text).await.unwrap();
    assert_eq!(principal.token().unwrap().scopes, scopes(&[Scope::ActionsRead, Scope::DecisionsWrite]));
    let action = stage.park("send_email", "{}").await;
    let decided = approve(&stage.engine, &principal, action.id, Approve::default()).await.unwrap();
    assert_eq!(decided.action.decided_by.unwrap().to_string(), "human:ana");
    revoke_token_called(&stage.engine, "human:ana", "ana-cli").await.unwrap();
    assert_eq!(code(authenticate_token(&stage.engine, &text).await), Code::Unauthenticated);
}

#[tokio::test]
async fn a_token_with_one_character_changed_is_no_token() {
    let stage = Stage::new().await;
    let new = NewToken { name: "t".to_owned(), scopes: vec![Scope::ActionsRead], ..NewToken::default() };
    let text = create_token(&stage.engine, "human:ana", new).await.unwrap();
    let mut changed = text.clone();
    changed
        .replace_range(text.len() - 2..text.len() - 1, if text.as_bytes()[text.len() - 2] == b'A' { "B" } else { "A" });
    assert_eq!(code(authenticate_token(&stage.engine, &changed).await), Code::Unauthenticated);
    for nonsense in ["", "cs_", "cs_agent_x_y", "Bearer", "cs_agent_00000000000000000000000000000000_"] {
        assert_eq!(code(authenticate_token(&stage.engine, nonsense).await), Code::Unauthenticated);
    }
}

#[tokio::test]
async fn the_first_administrator_signs_in_by_a_link_once() {
    let engine =
        engine::Engine::start(engine::cluster::testing::fresh_database().await, Default::default()).await.unwrap();
    let FirstSignIn::Link(link) = ensure_administrator(&engine, None).await.unwrap() else { panic!("a link") };
    assert_eq!(ensure_administrator(&engine, None).await.unwrap(), FirstSignIn::AlreadyThere);
    let cookie = redeem_link(&engine, &link, &from()).await.unwrap();
    let session = authenticate_session(&engine, &cookie).await.unwrap();
    assert_eq!(session.principal.actor(), "human:admin");
    assert_eq!(code(redeem_link(&engine, &link, &from()).await), Code::Unauthenticated);
    sign_out(&engine, session.session_id).await.unwrap();
    assert_eq!(code(authenticate_session(&engine, &cookie).await), Code::Unauthenticated);
}

#[tokio::test]
async fn guessing_a_password_is_throttled() {
    let stage = Stage::new().await;
    let new = NewUser { name: "cleo".to_owned(), role: Role::Operator, password: Some("correct horse".to_owned()) };
    create_user(&stage.engine, "human:ana", new).await.unwrap();
    assert!(sign_in(&stage.engine, "cleo", "correct horse", &from()).await.is_ok());
    for _ in 0..5 {
        assert_eq!(code(sign_in(&stage.engine, "cleo", "wrong", &from()).await), Code::Unauthenticated);
    }
    assert_eq!(code(sign_in(&stage.engine, "cleo", "correct horse", &from()).await), Code::RateLimited);
    let elsewhere = SignInFrom { address: "127.0.0.2".to_owned(), user_agent: None };
    assert!(sign_in(&stage.engine, "cleo", "correct horse", &elsewhere).await.is_ok(), "the owner is not locked out");
}

#[tokio::test]
async fn a_disabled_person_is_out_at_once_with_all_that_is_theirs() {
    let stage = Stage::new().await;
    let new = NewUser { name: "dan".to_owned(), role: Role::Operator, password: Some("long enough".to_owned()) };
    create_user(&stage.engine, "human:ana", new).await.unwrap();
    let cookie = sign_in(&stage.engine, "dan", "long enough", &from()).await.unwrap();
    let new = NewToken {
        name: "dan-cli".to_owned(),
        scopes: vec![Scope::ActionsRead],
        user: Some("dan".to_owned()),
        expires_in_days: None,
    };
    let text = create_token(&stage.engine, "human:dan", new).await.unwrap();
    disable_user(&stage.engine, "human:ana", "dan").await.unwrap();
    assert_eq!(code(authenticate_session(&stage.engine, &cookie).await), Code::Unauthenticated);
    assert_eq!(code(authenticate_token(&stage.engine, &text).await), Code::Unauthenticated);
    assert_eq!(code(sign_in(&stage.engine, "dan", "long enough", &from()).await), Code::Unauthenticated);
}

#[tokio::test]
async fn a_session_in_use_changes_its_secret_and_the_old_one_soon_is_worth_nothing() {
    let stage = Stage::new().await;
    let new = NewUser { name: "eve".to_owned(), role: Role::Operator, password: Some("long enough".to_owned()) };
    create_user(&stage.engine, "human:ana", new).await.unwrap();
    let old = sign_in(&stage.engine, "eve", "long enough", &from()).await.unwrap();
    let age = |minutes: i32| {
        sqlx::query("UPDATE sessions SET rotated_at = rotated_at - make_interval(mins => $1)")
            .bind(minutes)
            .execute(stage.engine.pool())
    };
    age(16).await.unwrap();
    let fresh = authenticate_session(&stage.engine, &old).await.unwrap().new_cookie.expect("due for a change");
    assert!(authenticate_session(&stage.engine, &old).await.is_ok(), "parallel requests of the page still pass");
    age(2).await.unwrap();
    assert_eq!(code(authenticate_session(&stage.engine, &old).await), Code::Unauthenticated);
    assert!(authenticate_session(&stage.engine, &fresh).await.is_ok());
}
