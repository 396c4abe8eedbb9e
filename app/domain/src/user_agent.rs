//! What a browser calls itself, in plain words: enough to tell one's own browsers apart. Whoever asks can claim
//! anything, so only words of ours are answered, never the text itself, but for a program's leading name.

use crate::text_safety::escaped;

/// More specific first: Edge and Opera call themselves Chrome, and Chrome calls itself Safari.
const BROWSERS: [(&str, &str); 9] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
/// A phone names its maker's desktop system as well.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];
/// A program's own name is shown up to here, in characters.
const LONGEST: usize = 40;

/// `Firefox on Linux`, `curl`, `an unknown browser`.
pub fn words(user_agent: Option<&str>) -> String {
    let Some(text) = user_agent.map(str::trim).filter(|text| !text.is_empty()) else {
        return "an unknown browser".to_owned();
    };
    let found =
        |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| text.contains(mark)).map(|(_, word)| *word);
    match (found(&BROWSERS), found(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) => format!("a browser on {system}"),
        (None, None) => {
            let name: String = text.split(['/', ' ']).next().unwrap_or(text).chars().take(LONGEST).collect();
            escaped(&name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn the_usual_browsers_are_known_by_name() {
        let known = [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
                "Safari on macOS",
            ),
            ("curl/8.5.0", "curl"),
        ];
        for (text, expected) in known {
            assert_eq!(words(Some(text)), expected);
        }
    }

    #[test]
    fn what_claims_to_be_something_else_says_nothing_of_its_own() {
        assert_eq!(words(None), "an unknown browser");
        assert_eq!(words(Some("  ")), "an unknown browser");
        assert_eq!(words(Some("<b>\u{202e}x</b>")), "<b>‹U+202E›x<");
        assert_eq!(words(Some(&"a".repeat(500))).len(), 40);
    }
}
