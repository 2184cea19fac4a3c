//! Words of shell code.

use std::ops::Range;

/// One word, quotes removed, expansions left as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says one thing of how it is written"
)]
pub(crate) struct Word {
    /// The text: `"a b"` is `a b`, `$X` stays `$X`.
    pub(crate) text: String,
    /// Its bytes in the code, quotes included.
    pub(crate) range: Range<usize>,
    /// Whether any of it is quoted or escaped.
    pub(crate) is_quoted: bool,
    /// Whether it holds `$…` or a command substitution.
    pub(crate) has_expansion: bool,
    /// Whether it holds an unquoted wildcard or brace expansion.
    pub(crate) has_pattern: bool,
    /// Whether it is one single-quoted text and nothing else: then its content stands unchanged in the code.
    pub(crate) is_verbatim: bool,
    /// For `NAME=value`, `NAME+=value` and `NAME[i]=value`: how many bytes of `text` are the name.
    pub(crate) assigns: Option<usize>,
}

impl Word {
    /// Whether the text is exactly what the command will see.
    pub(crate) const fn is_literal(&self) -> bool {
        !self.has_expansion && !self.has_pattern
    }

    /// The variable's name, where the word assigns one.
    pub(crate) fn assigned_name(&self) -> Option<&str> {
        self.assigns.and_then(|length| self.text.get(..length))
    }

    /// Whether it is this word, unquoted: what makes a word a reserved one.
    pub(crate) fn is_bare(&self, text: &str) -> bool {
        !self.is_quoted && self.text == text
    }
}

/// A variable that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VariableUse {
    /// Its name.
    pub(crate) name: String,
    /// Where, `$` included.
    pub(crate) range: Range<usize>,
    /// Whether what happens when it is not set is written there (`${X:-…}`, `${X:?…}` and their like).
    pub(crate) has_default: bool,
}

/// How many bytes at the start of `text` are a variable's name.
pub(super) fn name_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    if bytes.first().is_none_or(u8::is_ascii_digit) {
        return 0;
    }
    bytes
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
        .count()
}
