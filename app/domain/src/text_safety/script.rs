//! Look-alike letters: a word that mixes Latin with letters of other alphabets that pass for Latin ones (UTS #39
//! §5.1, restricted to the alphabets where that is practised).

#[derive(Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    Latin,
    /// Passes for Latin wherever it stands.
    LookAlike,
}

/// Whether some word of the text mixes alphabets that look alike.
pub(super) fn mixes(text: &str) -> bool {
    !text.is_ascii() && text.split_whitespace().any(token_mixes)
}

/// An address (`@`, `://`, a dot between letters) is one word: one strange label in a host name is the attack.
/// Elsewhere words are runs of letters and digits, so `IT-компания` is two words and no deception.
fn token_mixes(token: &str) -> bool {
    if token.is_ascii() {
        return false;
    }
    let characters: Vec<char> = token.chars().collect();
    let dotted = characters
        .windows(3)
        .any(|three| matches!(three, [before, '.', after] if before.is_alphanumeric() && after.is_alphanumeric()));
    if dotted || token.contains('@') || token.contains("://") {
        return word_mixes(token);
    }
    token.split(|character: char| !character.is_alphanumeric() && character != '_').any(word_mixes)
}

fn word_mixes(word: &str) -> bool {
    let has = |wanted| word.chars().any(|character| alphabet(character) == Some(wanted));
    has(Alphabet::Latin) && has(Alphabet::LookAlike)
}

const fn alphabet(character: char) -> Option<Alphabet> {
    match character {
        'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Some(Alphabet::Latin),
        // Cyrillic, Cherokee, Armenian: no ordinary word mixes them with Latin.
        '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{2de0}'..='\u{2dff}' | '\u{a640}'..='\u{a69f}' => {
            Some(Alphabet::LookAlike)
        }
        '\u{531}'..='\u{587}' | '\u{13a0}'..='\u{13fd}' | '\u{ab70}'..='\u{abbf}' => Some(Alphabet::LookAlike),
        // Greek letters stand beside Latin in formulas (μs, Δt): only those that pass for Latin ones.
        'Α' | 'Β' | 'Ε' | 'Ζ' | 'Η' | 'Ι' | 'Κ' | 'Μ' | 'Ν' | 'Ο' | 'Ρ' | 'Τ' | 'Υ' | 'Χ' | 'ο' | 'α' | 'ν' | 'ι'
        | 'κ' | 'ρ' | 'υ' | 'χ' | 'ό' | 'ί' | 'ϳ' | 'ϲ' => Some(Alphabet::LookAlike),
        // Latin dressed up: IPA letters that pass for plain ones, letter-like and mathematical ones, full width.
        'ɑ' | 'ɡ' | 'ɩ' | 'ɪ' | 'ʏ' | 'ᴏ' | 'ꓲ' => Some(Alphabet::LookAlike),
        '\u{2170}'..='\u{217f}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' | '\u{1d400}'..='\u{1d7ff}' => {
            Some(Alphabet::LookAlike)
        }
        _ => None,
    }
}
