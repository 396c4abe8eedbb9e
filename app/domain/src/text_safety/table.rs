//! Which characters do not show as what they are. Ranges by hand from the Unicode Character Database: general
//! categories Cc, Cf, Zs, Zl, Zp, Co, Cn (noncharacters) and the property Default_Ignorable_Code_Point.

/// Why a character is not shown as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hazard {
    /// Turns the direction of text.
    Bidi,
    /// Has no visible form, or none that is agreed on.
    Invisible,
    /// A control character.
    Control,
    /// A space that is not U+0020.
    Space,
}

/// The hazard of a character, if it has one.
pub(super) const fn hazard(character: char) -> Option<Hazard> {
    Some(match character {
        '\n' | '\t' => return None,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Hazard::Control,
        ' '..='~' => return None,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Hazard::Bidi,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Hazard::Space,
        // Soft hyphen, combining grapheme joiner, Hangul fillers, Khmer inherent vowels, Mongolian selectors.
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' => {
            Hazard::Invisible
        }
        // Zero width, line and paragraph separators, word joiner and invisible operators, deprecated format
        // controls, blank braille, Hangul fillers again.
        '\u{200b}'..='\u{200d}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{ffa0}' => Hazard::Invisible,
        // Variation selectors, byte order mark, specials with interlinear annotation and object replacement.
        '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffc}' => Hazard::Invisible,
        // Shorthand and musical format controls, tags with the variation selectors supplement.
        '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' => Hazard::Invisible,
        // Private use and noncharacters.
        '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{f0000}'..='\u{10ffff}' => Hazard::Invisible,
        _ if character as u32 & 0xfffe == 0xfffe => Hazard::Invisible,
        _ => return None,
    })
}

/// Whether an emoji presentation selector may follow: digits of keycaps, symbols and pictographs.
pub(super) const fn takes_presentation(character: char) -> bool {
    matches!(character, '#' | '*' | '0'..='9' | '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2100}'..='\u{27ff}'
        | '\u{2900}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}')
}
