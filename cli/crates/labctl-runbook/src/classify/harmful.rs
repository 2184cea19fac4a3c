//! Commands that harm what is not the lab's own.
//!
//! Volumes, images, networks and containers are the lab's own if its Compose model names them, or if a block of the
//! runbook makes them (`docker run --name X`, `docker volume create X`, `docker build -t X`). A name that is not
//! written out (`$X`) could be anything: for volumes and images that counts as harm, for containers only if it comes
//! from a list of all containers.

use super::{ComposeNames, names::Kind};
use crate::script::{Command, DockerCall, Script, Word, docker_call, option_is_set, positional};

pub(super) fn is_harmful(command: &Command, own: &ComposeNames) -> bool {
    if let Some(call) = docker_call(command) {
        return docker_is_harmful(command, &call, own);
    }
    let words = command.arguments();
    match command.program_name() {
        Some("rm") => {
            (option_is_set(words, "recursive", Some('r')) || option_is_set(words, "", Some('R')))
                && words.iter().any(is_root_or_home)
        }
        Some("chmod" | "chown") => {
            option_is_set(words, "recursive", Some('R')) && words.iter().any(is_root_or_home)
        }
        Some("dd") => words.iter().any(|word| {
            word.text.strip_prefix("of=").is_some_and(|file| {
                file.starts_with("/dev/")
                    && !matches!(file, "/dev/null" | "/dev/stdout" | "/dev/stderr")
                    && !file.starts_with("/dev/shm/")
            })
        }),
        Some("shutdown" | "reboot" | "poweroff" | "halt") => true,
        Some("systemctl") => words
            .first()
            .is_some_and(|word| matches!(word.text.as_str(), "poweroff" | "reboot" | "halt")),
        Some(name) => {
            name == "mkfs"
                || name.starts_with("mkfs.")
                // A function that starts itself in the background: `:(){ :|:& };:`.
                || (command.function.as_deref() == Some(name) && command.is_background)
        }
        None => false,
    }
}

/// `/`, `/*`, `~`, `$HOME` and the folders that hold a system or everybody's files.
fn is_root_or_home(word: &Word) -> bool {
    const SYSTEM: &[&str] = &[
        "",
        "~",
        "$HOME",
        "${HOME}",
        "/bin",
        "/boot",
        "/dev",
        "/etc",
        "/home",
        "/lib",
        "/lib64",
        "/opt",
        "/proc",
        "/root",
        "/sbin",
        "/srv",
        "/sys",
        "/usr",
        "/var",
        "/var/lib",
        "/var/lib/docker",
        "/Users",
    ];
    let text = word.text.strip_suffix('*').unwrap_or(&word.text);
    let folder = text.trim_end_matches('/');
    let is_path = text.starts_with(['/', '~', '$']);
    let is_quoted_tilde = word.is_quoted && text.starts_with('~');
    is_path && !is_quoted_tilde && SYSTEM.contains(&folder)
}

fn docker_is_harmful(command: &Command, call: &DockerCall<'_>, own: &ComposeNames) -> bool {
    let words = call.arguments;
    match (call.verb, call.sub_verb) {
        ("down", _) if call.is_compose => takes_volumes_of_another_project(call, own),
        _ if call.is_compose => false,
        (
            "system" | "volume" | "image" | "container" | "network" | "builder" | "buildx",
            "prune",
        ) => true,
        ("volume", "rm" | "remove") => others(command, words, Kind::Volume, own),
        ("rmi", _) | ("image", "rm" | "remove") => others(command, words, Kind::Image, own),
        ("network", "rm" | "remove") => others(command, words, Kind::Network, own),
        ("rm" | "stop" | "kill" | "restart" | "pause", _)
        | ("container", "rm" | "remove" | "stop" | "kill" | "restart" | "pause") => {
            others(command, words, Kind::Container, own)
        }
        _ => false,
    }
}

/// `compose -p OTHER down -v`.
fn takes_volumes_of_another_project(call: &DockerCall<'_>, own: &ComposeNames) -> bool {
    let takes_more = option_is_set(call.arguments, "volumes", Some('v'))
        || option_is_set(call.arguments, "rmi", None);
    let named =
        call.options
            .iter()
            .enumerate()
            .find_map(|(index, word)| match word.text.as_str() {
                "-p" | "--project-name" => {
                    call.options.get(index + 1).map(|word| word.text.as_str())
                }
                text => text.strip_prefix("--project-name="),
            });
    takes_more && named.is_some_and(|named| named != own.project)
}

/// Whether any of the things named is not the lab's own.
fn others(command: &Command, words: &[Word], kind: Kind, own: &ComposeNames) -> bool {
    if command.is_given_arguments {
        return true;
    }
    positional(words, &["-t", "--time", "-s", "--signal"])
        .iter()
        .any(|word| {
            if word.is_literal() {
                !own.owns(kind, &word.text)
            } else if kind == Kind::Container {
                lists_all_containers(&word.text)
            } else {
                !is_filtered(&word.text)
            }
        })
}

/// `$(docker ps -aq)`.
fn lists_all_containers(text: &str) -> bool {
    let is_list = text.contains("docker ps") || text.contains("docker container ls");
    is_list && !is_filtered(text)
}

/// A list that its author has narrowed down to something.
fn is_filtered(text: &str) -> bool {
    text.contains("--filter")
        || text.contains(" -f ")
        || text.contains("docker compose")
        || text.contains("| grep")
}

/// Adds to `own` what the script makes.
pub(crate) fn made_by(script: &Script, own: &mut ComposeNames) {
    for command in &script.commands {
        let Some(call) = docker_call(command).filter(|call| !call.is_compose) else {
            continue;
        };
        let words = call.arguments;
        let verb = if matches!(call.verb, "container" | "image" | "buildx") {
            call.sub_verb
        } else {
            call.verb
        };
        let last = || {
            words
                .last()
                .filter(|word| word.is_literal())
                .map(|word| word.text.clone())
        };
        match (verb, call.sub_verb) {
            ("run" | "create", _) => own.containers.extend(values(words, &["--name"])),
            ("build", _) => own.images.extend(values(words, &["-t", "--tag"])),
            ("tag", _) => own.images.extend(last()),
            ("volume", "create") => own.volumes.extend(last()),
            ("network", "create") => own.networks.extend(last()),
            _ => {}
        }
    }
}

/// The values of an option, `--name x` or `--name=x`.
fn values(words: &[Word], options: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (index, word) in words
        .iter()
        .enumerate()
        .filter(|(_, word)| word.is_literal())
    {
        if options.contains(&word.text.as_str()) {
            found.extend(
                words
                    .get(index + 1)
                    .filter(|word| word.is_literal())
                    .map(|word| word.text.clone()),
            );
        } else if let Some((name, value)) = word.text.split_once('=')
            && options.contains(&name)
        {
            found.push(value.to_owned());
        }
    }
    found
}
