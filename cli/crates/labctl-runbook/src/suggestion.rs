//! The valid word that a wrong one was probably meant to be.

/// The nearest of `candidates`, if near enough to be meant: at most two letters away, and fewer than the word has.
/// Neighbouring letters that changed places count as one.
pub fn nearest_word<'w>(
    word: &str,
    candidates: impl IntoIterator<Item = &'w str>,
) -> Option<&'w str> {
    let length = word.chars().take(MAX_WORD + 1).count();
    if length > MAX_WORD {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= 2 && *distance < length)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Longer words are not compared: the comparison is quadratic, and nobody's word is that long.
const MAX_WORD: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, nearest: Option<&str>) {
        assert_eq!(
            nearest_word(word, ["env", "timeout", "session", "up"]),
            nearest
        );
    }

    #[test]
    fn the_nearest_word_is_at_most_two_letters_away() {
        check("timout", Some("timeout"));
        check("timeuot", Some("timeout"));
        check("seson", Some("session"));
        check("envs", Some("env"));
        check("pu", Some("up"));
        check("x", None);
        check("", None);
        check("environment", None);
        check(&"x".repeat(100_000), None);
    }
}
