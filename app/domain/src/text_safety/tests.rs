use proptest::prelude::*;

use super::{Deception, Piece, escaped, is_deceptive, visible, warnings};

/// Written down once more, so that a range lost in the table is noticed.
const DANGEROUS: &str = "\u{0}\u{7}\u{8}\u{b}\r\u{1b}\u{7f}\u{80}\u{9b}\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{180b}\u{180e}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2060}\u{2061}\u{2062}\u{2063}\u{2064}\u{2066}\u{2067}\u{2068}\u{2069}\u{206a}\u{206f}\u{2800}\u{3164}\u{fe00}\u{feff}\u{ffa0}\u{fff9}\u{fffa}\u{fffb}\u{fffc}\u{e000}\u{f8ff}\u{fdd0}\u{fffe}\u{ffff}\u{1d173}\u{e0001}\u{e0041}\u{e007f}\u{e0100}\u{e01ef}\u{f0000}\u{1fffe}\u{10ffff}";

const SPACES: &str = "\u{a0}\u{1680}\u{2000}\u{2003}\u{200a}\u{202f}\u{205f}\u{3000}";

fn any_text() -> impl Strategy<Value = String> {
    let dangerous: Vec<char> = DANGEROUS.chars().chain(SPACES.chars()).collect();
    prop::collection::vec(
        prop_oneof![any::<char>(), prop::sample::select(dangerous), prop::char::range(' ', '~')],
        0..40,
    )
    .prop_map(String::from_iter)
}

fn raw(pieces: &[Piece]) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Plain(text) => text.clone(),
            Piece::Escape(code) => {
                let number = u32::from_str_radix(code.strip_prefix("U+").unwrap(), 16).unwrap();
                char::from_u32(number).unwrap().to_string()
            }
        })
        .collect()
}

proptest! {
    #[test]
    fn nothing_dangerous_is_shown_as_it_is(text in any_text()) {
        for piece in visible(&text) {
            if let Piece::Plain(plain) = piece {
                prop_assert!(!plain.is_empty());
                prop_assert!(!plain.contains(|character| DANGEROUS.contains(character) || SPACES.contains(character)));
                prop_assert!(!plain.contains(|character: char| character.is_control() && !matches!(character, '\n' | '\t')));
            }
        }
        let line = escaped(&text);
        prop_assert!(!line.contains(|character: char| character.is_control() || DANGEROUS.contains(character)));
        prop_assert_eq!(escaped(&line), line);
    }

    #[test]
    fn no_character_is_lost(text in any_text()) {
        prop_assert_eq!(raw(&visible(&text)), text);
    }

    #[test]
    fn printable_ascii_is_left_alone(text in "[ -~\\n\\t]{1,60}") {
        prop_assert_eq!(visible(&text), vec![Piece::Plain(text.clone())]);
        prop_assert!(!is_deceptive(&text));
    }

    #[test]
    fn one_dangerous_character_is_enough_to_warn(head in "[a-z ]{0,8}", tail in "[a-z ]{0,8}", at in any::<prop::sample::Index>()) {
        let all: Vec<char> = DANGEROUS.chars().collect();
        let text = format!("{head}{}{tail}", all[at.index(all.len())]);
        prop_assert!(is_deceptive(&text), "{:?}", text);
    }
}

#[test]
fn each_dangerous_character_becomes_its_code() {
    for character in DANGEROUS.chars().chain(SPACES.chars()) {
        let code = format!("U+{:04X}", u32::from(character));
        assert_eq!(visible(&character.to_string()), vec![Piece::Escape(code.clone())]);
        assert_eq!(escaped(&format!("a{character}b")), format!("a‹{code}›b"));
    }
}

#[test]
fn warnings_say_what_it_is() {
    assert_eq!(warnings("pay \u{202e}txt.exe"), [Deception::BidiControl]);
    assert_eq!(warnings("a\u{200b}b\u{e0041}"), [Deception::Invisible]);
    assert_eq!(warnings("\u{1b}[2J"), [Deception::Control]);
    assert_eq!(warnings("p\u{430}ypal"), [Deception::MixedScript]);
    assert_eq!(warnings("\u{1b}\u{202e}\u{200b}"), [Deception::BidiControl, Deception::Invisible, Deception::Control]);
    for deception in warnings("\u{1b}\u{202e}\u{200b} p\u{430}ypal") {
        assert!(deception.words().ends_with('.'));
    }
}

#[test]
fn ordinary_text_is_no_reason_to_warn() {
    let ordinary = [
        "Grüße aus Köln",
        "Привет, мир",
        "Ελληνικά κείμενα",
        "日本語のテキスト",
        "שלום עולם",
        "مرحبا بالعالم",
        "naïve café",
        "5 μs, Δt = 3",
        "IT-компания",
        "line\r\nline\r\n",
        "❤\u{fe0f} ok 1\u{fe0f}",
        "10\u{a0}000 €",
        "São Paulo",
    ];
    for text in ordinary {
        assert!(!is_deceptive(text), "{text}: {:?}", warnings(text));
    }
}

#[test]
fn look_alike_letters_inside_a_word_are_a_reason_to_warn() {
    for text in [
        "аdmin",
        "micrоsoft.com",
        "ana@раураl.com",
        "https://аррӏе.com/x",
        "GΟΟGLE",
        "ａdmin",
        "𝐚dmin",
        "see pаypal now",
    ] {
        assert!(is_deceptive(text), "{text}");
    }
}

#[test]
fn a_selector_without_its_emoji_hides() {
    assert_eq!(warnings("a\u{fe0f}"), [Deception::Invisible]);
    assert_eq!(warnings("❤\u{fe0f}\u{fe0f}"), [Deception::Invisible]);
}

#[test]
fn what_stands_below_many_blank_lines_is_brought_near_and_warned_of() {
    let text = format!("ok{}rm -rf /", " \n".repeat(300));
    let plain = |text: &str| Piece::Plain(text.to_owned());
    assert_eq!(visible(&text), [plain("ok"), Piece::Escape("300 line breaks".to_owned()), plain("rm -rf /")]);
    assert_eq!(warnings(&text), [Deception::Blank]);
    assert_eq!(visible(&" ".repeat(250)), [Piece::Escape("250 blanks".to_owned())]);
    for short in ["a\n\n\n\nb".to_owned(), format!("a{}b", " ".repeat(80)), "x".repeat(900), "line\n".repeat(300)] {
        assert_eq!((visible(&short), warnings(&short)), (vec![plain(&short)], vec![]));
    }
}
