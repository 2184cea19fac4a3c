//! Docker's command line: which verb a command calls, and with what.

use super::{Command, Word};

/// A call of `docker`, `docker compose` or `docker-compose`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DockerCall<'a> {
    /// Whether Compose is called.
    pub(crate) is_compose: bool,
    /// Options before the verb.
    pub(crate) options: &'a [Word],
    /// The verb, such as `up`, `run`, `volume`.
    pub(crate) verb: &'a str,
    /// The second verb of `docker volume rm` and its like; empty where there is none.
    pub(crate) sub_verb: &'a str,
    /// What follows the verbs.
    pub(crate) arguments: &'a [Word],
}

const DOCKER_VALUES: &[&str] = &[
    "--context",
    "-c",
    "-H",
    "--host",
    "-l",
    "--log-level",
    "--config",
    "--tlscacert",
    "--tlscert",
    "--tlskey",
];
const COMPOSE_VALUES: &[&str] = &[
    "-f",
    "--file",
    "-p",
    "--project-name",
    "--profile",
    "--env-file",
    "--project-directory",
    "--ansi",
    "--parallel",
    "--progress",
    "-c",
    "--context",
    "-H",
    "--host",
    "--log-level",
];
const MANAGEMENT: &[&str] = &[
    "builder",
    "buildx",
    "container",
    "context",
    "image",
    "network",
    "plugin",
    "swarm",
    "system",
    "volume",
];

/// Reads a command as a call of Docker, if it is one.
pub(crate) fn docker_call(command: &Command) -> Option<DockerCall<'_>> {
    match command.program_name()? {
        "docker-compose" => compose(command.arguments()),
        "docker" | "podman" => {
            let (_, rest) = split_options(command.arguments(), DOCKER_VALUES);
            let (verb, rest) = split_verb(rest)?;
            if verb == "compose" {
                return compose(rest);
            }
            let (sub_verb, arguments) = if MANAGEMENT.contains(&verb) {
                split_verb(rest).unwrap_or(("", rest))
            } else {
                ("", rest)
            };
            Some(DockerCall {
                is_compose: false,
                options: &[],
                verb,
                sub_verb,
                arguments,
            })
        }
        _ => None,
    }
}

fn compose(words: &[Word]) -> Option<DockerCall<'_>> {
    let (options, rest) = split_options(words, COMPOSE_VALUES);
    let (verb, arguments) = split_verb(rest)?;
    Some(DockerCall {
        is_compose: true,
        options,
        verb,
        sub_verb: "",
        arguments,
    })
}

fn split_verb(words: &[Word]) -> Option<(&str, &[Word])> {
    let (verb, rest) = words.split_first()?;
    verb.is_literal().then_some((verb.text.as_str(), rest))
}

/// The options at the front, with their values, and the rest.
fn split_options<'a>(words: &'a [Word], with_value: &[&str]) -> (&'a [Word], &'a [Word]) {
    let mut index = 0;
    while let Some(word) = words.get(index).filter(|word| word.text.starts_with('-')) {
        index += 1 + usize::from(with_value.contains(&word.text.as_str()));
    }
    words.split_at(index.min(words.len()))
}

/// The words that are neither options nor values of those in `with_value`; all that follows `--` is positional.
pub(crate) fn positional<'a>(words: &'a [Word], with_value: &[&str]) -> Vec<&'a Word> {
    let mut found = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word.text == "--" {
            found.extend(words);
            break;
        }
        if !word.text.starts_with('-') || word.text == "-" {
            found.push(word);
        } else if with_value.contains(&word.text.as_str()) {
            words.next();
        }
    }
    found
}

/// Whether one of the words sets an option: its long form, or its letter in a cluster such as `-ft`.
pub(crate) fn option_is_set(words: &[Word], long: &str, short: Option<char>) -> bool {
    words.iter().any(|word| {
        let text = word.text.as_str();
        if let Some(name) = text.strip_prefix("--") {
            name.strip_prefix(long)
                .is_some_and(|rest| rest.is_empty() || (rest.starts_with('=') && rest != "=false"))
        } else {
            short.is_some_and(|short| {
                text.strip_prefix('-').is_some_and(|letters| {
                    letters
                        .chars()
                        .take_while(char::is_ascii_alphanumeric)
                        .any(|letter| letter == short)
                })
            })
        }
    })
}

impl<'a> DockerCall<'a> {
    /// The command that `exec` or `run` starts in a container, with its options left out.
    pub(crate) fn inner_command(&self) -> Option<&'a [Word]> {
        let verb = if self.verb == "container" {
            self.sub_verb
        } else {
            self.verb
        };
        let with_value: &[&str] = match (verb, self.is_compose) {
            ("exec", _) => &[
                "-e",
                "--env",
                "--env-file",
                "-u",
                "--user",
                "-w",
                "--workdir",
                "--index",
                "--detach-keys",
            ],
            ("run", true) => &[
                "-e",
                "--env",
                "--env-from-file",
                "--entrypoint",
                "-l",
                "--label",
                "--name",
                "-p",
                "--publish",
                "-u",
                "--user",
                "-v",
                "--volume",
                "-w",
                "--workdir",
                "--cap-add",
                "--cap-drop",
                "--pull",
            ],
            _ => return None,
        };
        let (_, rest) = split_options(self.arguments, with_value);
        rest.get(1..).filter(|words| !words.is_empty())
    }
}
