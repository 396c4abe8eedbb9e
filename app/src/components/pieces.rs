//! Untrusted text on the screen: always text nodes, with whatever could deceive the eye as a visible mark.

use domain::text_safety::Piece;
use leptos::prelude::*;

use crate::message;

#[component]
pub(crate) fn Pieces(pieces: Vec<Piece>) -> impl IntoView {
    pieces
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) => text.into_any(),
            Piece::Escape(code) => view! { <span class="esc" title=message::ESCAPE_HINT>{code}</span> }.into_any(),
        })
        .collect_view()
}
