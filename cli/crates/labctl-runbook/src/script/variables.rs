//! Which variables a script sets.

use super::{Command, Script, Word, word::name_length};

/// A variable that is set, or exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// Its name.
    pub(crate) name: String,
    /// Where in the code.
    pub(crate) position: usize,
    /// Whether later blocks see it.
    pub(crate) is_exported: bool,
}

/// Every variable a script may set, in no particular order.
pub(crate) fn assignments(script: &Script) -> Vec<Assignment> {
    let mut found: Vec<Assignment> = script
        .set_by_loops
        .iter()
        .map(|(name, position)| Assignment {
            name: name.clone(),
            position: *position,
            is_exported: false,
        })
        .collect();
    let mut exports_all = false;
    for command in &script.commands {
        exports_all |= command.name() == Some("set")
            && command
                .arguments()
                .iter()
                .any(|word| word.text == "-a" || word.text == "allexport");
        if command.words.is_empty() {
            found.extend(
                command
                    .assignments
                    .iter()
                    .filter_map(|word| assigned(word, exports_all)),
            );
        } else {
            by_command(command, &mut found);
        }
    }
    found
}

fn assigned(word: &Word, is_exported: bool) -> Option<Assignment> {
    Some(Assignment {
        name: word.assigned_name()?.to_owned(),
        position: word.range.start,
        is_exported,
    })
}

/// The names that a builtin sets from its arguments.
fn by_command(command: &Command, found: &mut Vec<Assignment>) {
    let arguments = command.arguments();
    let is_exported = match command.name() {
        Some("export") => !arguments.iter().any(|word| word.text == "-n"),
        Some("declare" | "typeset" | "local" | "readonly") => arguments
            .iter()
            .any(|word| word.text.starts_with('-') && word.text.contains('x')),
        Some("printf") if arguments.first().is_some_and(|word| word.text == "-v") => false,
        Some("read" | "mapfile" | "readarray" | "getopts" | "let") => false,
        _ => return,
    };
    found.extend(arguments.iter().filter_map(|word| {
        let length = word.assigns.unwrap_or_else(|| name_length(&word.text));
        let is_name = length > 0 && (word.assigns.is_some() || length == word.text.len());
        is_name.then(|| Assignment {
            name: word.text[..length].to_owned(),
            position: word.range.start,
            is_exported,
        })
    }));
}
