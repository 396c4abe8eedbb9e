//! How far the chain was verified, when, and what was found; and the button that does it again.

use engine::trail_pages::Chain;
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use crate::api::audit::Verify;
use crate::api::{Failure, answer, engine};
use crate::components::moment::Ago;
use crate::message::audit as words;

pub(super) async fn chain() -> AnyView {
    match answer(engine::trail_pages::chain(&engine()).await) {
        Ok(chain) => card(&chain),
        // The list may stand all the same; but nothing is claimed.
        Err(Failure(problem)) => {
            view! { <p class="warned" role="alert"><b>{words::CHAIN_UNREAD}</b> " " {problem.detail}</p> }.into_any()
        }
    }
}

fn card(chain: &Chain) -> AnyView {
    let now = chain.now;
    let (colour, told, more) = match &chain.check {
        None => ("unknown", words::NEVER.into_any(), words::NEVER_LEAD.to_owned()),
        Some(check) if check.faults > 0 => {
            let told = view! { {words::BROKEN} ", " <Ago at=check.checked_at read_at=now/> };
            ("red", told.into_any(), words::faults(check))
        }
        Some(check) => {
            let place = words::place(check.through_seq);
            let told = view! { {words::WHOLE} " to " {place} ", " <Ago at=check.checked_at read_at=now/> };
            let since = words::since_then(chain.newest - check.through_seq.min(chain.newest));
            ("green", told.into_any(), format!("{}. {since}", words::verified(check)))
        }
    };
    view! {
        <section class="card" aria-labelledby="chain">
            <h2 id="chain">{words::CHAIN}</h2>
            <div class="body row-of">
                <p><b class=format!("word {colour}")>{told}</b> " " {more}</p>
                <form method="post" action=Verify::PATH>
                    <button class="btn" name="via" value="form">{words::VERIFY}</button>
                </form>
                <a class="more" href="/api/approvals/events/seal" download="seal.json">{words::SEAL}</a>
            </div>
        </section>
    }
    .into_any()
}
