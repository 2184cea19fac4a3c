//! Commands that never end by themselves.

use crate::script::{Command, DockerCall, Word, docker_call, option_is_set, positional};

pub(super) fn is_endless(command: &Command) -> bool {
    if let Some(call) = docker_call(command) {
        return docker_is_endless(&call);
    }
    let words = command.arguments();
    let has = |long, short| option_is_set(words, long, short);
    let first = words.first().map_or("", |word| word.text.as_str());
    match command.program_name() {
        Some("tail") => (has("follow", Some('f')) || has("", Some('F'))) && !has("pid", None),
        Some("watch") => {
            let ends = ["-g", "--chgexit", "-q", "--equexit"];
            !words.is_empty()
                && !words
                    .iter()
                    .take_while(|word| word.text.starts_with('-') || is_number(word))
                    .any(|word| ends.contains(&word.text.as_str()) || word.text == "--version")
        }
        Some("ping" | "ping6") => {
            !words.is_empty()
                && !has("", Some('c'))
                && !has("", Some('w'))
                && !has("help", Some('V'))
        }
        Some("top") => has("", Some('b')) && !has("", Some('n')),
        Some("journalctl") => has("follow", Some('f')),
        Some("dmesg") => has("follow", Some('w')) || has("follow-new", Some('W')),
        Some("tcpdump") => {
            !has("", Some('c')) && !has("list-interfaces", Some('D')) && !has("", Some('r'))
        }
        Some("inotifywait") => has("monitor", Some('m')),
        Some("sleep") => first == "infinity" || first == "inf",
        Some("yes") => !command.is_piped,
        Some("kubectl") => kubectl_is_endless(words),
        Some("redis-cli" | "valkey-cli") => {
            ["--stat", "--latency", "--latency-history"]
                .iter()
                .any(|option| words.iter().any(|word| word.text == *option))
                || positional(words, super::interactive::REDIS_VALUES)
                    .first()
                    .is_some_and(|word| {
                        ["monitor", "subscribe", "psubscribe", "ssubscribe"]
                            .contains(&word.text.to_ascii_lowercase().as_str())
                    })
        }
        Some("python" | "python3") => words
            .windows(2)
            .any(|pair| pair[0].text == "-m" && pair[1].text == "http.server"),
        Some("ssh") => has("", Some('N')) && !has("", Some('f')),
        _ => false,
    }
}

fn is_number(word: &Word) -> bool {
    word.text.parse::<f64>().is_ok()
}

fn docker_is_endless(call: &DockerCall<'_>) -> bool {
    let words = call.arguments;
    let verb = match call.verb {
        "container" | "system" => call.sub_verb,
        verb => verb,
    };
    let has = |long, short| option_is_set(words, long, short);
    match verb {
        "logs" => has("follow", Some('f')) && !has("until", None),
        "stats" => !has("no-stream", None),
        "events" => !has("until", None),
        "attach" => true,
        "watch" => call.is_compose && !has("no-up", None),
        "up" if call.is_compose => stays_in_foreground(words),
        _ => false,
    }
}

/// Whether `compose up` with these arguments shows the logs until it is interrupted.
pub(super) fn stays_in_foreground(words: &[Word]) -> bool {
    let leaves = [
        "wait",
        "detach",
        "no-start",
        "abort-on-container-exit",
        "abort-on-container-failure",
        "exit-code-from",
    ];
    !option_is_set(words, "detach", Some('d'))
        && !leaves
            .iter()
            .any(|option| option_is_set(words, option, None))
}

fn kubectl_is_endless(words: &[Word]) -> bool {
    let with_value = [
        "-n",
        "--namespace",
        "--context",
        "--kubeconfig",
        "-l",
        "-c",
        "-o",
    ];
    let verb = positional(words, &with_value)
        .first()
        .map_or("", |word| word.text.as_str());
    match verb {
        "get" => {
            option_is_set(words, "watch", Some('w')) || option_is_set(words, "watch-only", None)
        }
        "logs" => option_is_set(words, "follow", Some('f')),
        "port-forward" | "proxy" => true,
        _ => false,
    }
}
