//! Values that must not appear in a report or a snapshot.

/// Masks the values of variables that are named like secrets.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    values: Vec<String>,
}

const ENDINGS: [&str; 4] = ["_TOKEN", "_PASSWORD", "_SECRET", "_KEY"];
const MASK: &str = "[masked]";

/// Shorter values would mask ordinary words.
const SHORTEST: usize = 6;

impl Secrets {
    /// The secrets among these variables: those named `…_TOKEN`, `…_PASSWORD`, `…_SECRET` or `…_KEY` whose value has
    /// at least six bytes.
    pub fn among<N, V>(variables: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: AsRef<str>,
        V: Into<String>,
    {
        let is_secret = |name: &str| {
            ENDINGS
                .iter()
                .any(|ending| name.to_ascii_uppercase().ends_with(ending))
        };
        let mut values: Vec<String> = variables
            .into_iter()
            .filter(|(name, _)| is_secret(name.as_ref()))
            .map(|(_, value)| value.into())
            .filter(|value| value.len() >= SHORTEST)
            .collect();
        // A secret that contains another one is masked whole.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        Self { values }
    }

    /// The text with every secret masked.
    pub fn mask(&self, text: &str) -> String {
        self.values.iter().fold(text.to_owned(), |text, value| {
            if text.contains(value.as_str()) {
                text.replace(value.as_str(), MASK)
            } else {
                text
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secret_variables_are_masked_and_others_stay() {
        let secrets = Secrets::among([
            ("API_TOKEN", "abc123def"),
            ("api_key", "abc123def-long"),
            ("HOME", "/home/someone"),
            ("DB_PASSWORD", "a"),
            ("A_SECRET", "six666"),
            ("B_SECRET", "five5"),
        ]);
        assert_eq!(
            secrets.mask("t=abc123def k=abc123def-long h=/home/someone a six666 five5"),
            "t=[masked] k=[masked] h=/home/someone a [masked] five5"
        );
    }
}
