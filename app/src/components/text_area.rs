//! A multi-line control that holds exactly the text it is given. Leptos writes the children of a `<textarea>` unescaped
//! (what stands in it is raw text to it, but not to a browser), and a browser drops the line break after the tag.

use leptos::prelude::*;

#[component]
pub(crate) fn TextArea(
    id: String,
    name: String,
    text: String,
    /// The element that says what is wrong with it.
    described_by: String,
) -> impl IntoView {
    let rows = text.split('\n').map(|line| line.chars().count() / 70 + 1).sum::<usize>().clamp(1, 16);
    view! {
        <textarea class="input mono" id=id name=name rows=rows.to_string() autocomplete="off" autocapitalize="none"
            spellcheck="false" aria-describedby=described_by>
            {format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;"))}
        </textarea>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        let (id, name, described_by) = ("a".to_owned(), "b".to_owned(), "c".to_owned());
        Owner::new().with(|| view! { <TextArea id name text=text.to_owned() described_by/> }.to_html())
    }

    #[test]
    fn a_text_stays_a_text_and_keeps_its_first_line_break() {
        let told = html("\n</textarea><script>&amp;");
        assert!(told.ends_with(">\n\n&lt;/textarea>&lt;script>&amp;amp;</textarea>"), "{told}");
        assert!(html("").ends_with(">\n</textarea>"), "nothing is nothing, not a space");
    }
}
