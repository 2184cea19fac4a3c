//! Commands that wait for a person.

use crate::script::{Command, DockerCall, Word, docker_call, option_is_set, positional};

/// `redis-cli` options that take the next word.
pub(super) const REDIS_VALUES: &[&str] = &[
    "-h", "-p", "-s", "-a", "-u", "-r", "-i", "-n", "-d", "-D", "-t", "--user", "--pass", "--sni",
    "--cacert", "--cert", "--key",
];
const REDIS_CONNECT: &[&str] = &[
    "-3",
    "-2",
    "-c",
    "--raw",
    "--no-raw",
    "--csv",
    "--json",
    "--tls",
    "--insecure",
    "--no-auth-warning",
    "--askpass",
];
const PSQL_VALUES: &[&str] = &[
    "-h",
    "--host",
    "-p",
    "--port",
    "-U",
    "--username",
    "-d",
    "--dbname",
    "-v",
    "--set",
    "-P",
    "--pset",
    "-F",
    "-R",
    "-T",
    "-L",
    "-o",
    "--output",
];
const SSH_VALUES: &[&str] = &[
    "-p", "-i", "-o", "-l", "-L", "-R", "-D", "-F", "-J", "-b", "-c", "-E", "-m", "-Q", "-S", "-W",
    "-w",
];

/// Whether a command, its standard input being the block's own, waits for a person.
pub(super) fn is_interactive(command: &Command) -> bool {
    if let Some(call) = docker_call(command) {
        return docker_is_interactive(&call);
    }
    let words = command.arguments();
    let has = |long, short| option_is_set(words, long, short);
    match command.program_name() {
        Some("redis-cli" | "valkey-cli") => redis_waits(words),
        Some("psql") => {
            !has("command", Some('c'))
                && !has("file", Some('f'))
                && !has("list", Some('l'))
                && !asks_about_itself(words)
                && only_known_options(words, PSQL_VALUES)
        }
        Some("mysql" | "mariadb") => {
            !has("execute", Some('e')) && !has("", Some('V')) && !asks_about_itself(words)
        }
        Some("mongosh" | "mongo") => {
            !has("eval", None)
                && !has("file", Some('f'))
                && !asks_about_itself(words)
                && !positional(
                    words,
                    &["-u", "-p", "--host", "--port", "--username", "--password"],
                )
                .iter()
                .any(|word| word.text.contains(".js"))
        }
        Some("cqlsh") => {
            !has("execute", Some('e')) && !has("file", Some('f')) && !asks_about_itself(words)
        }
        Some("clickhouse-client") => {
            !has("query", Some('q')) && !has("queries-file", None) && !asks_about_itself(words)
        }
        Some("sqlite3") => {
            positional(words, &["-cmd", "-init", "-separator", "-nullvalue"]).len() < 2
                && !asks_about_itself(words)
                && !words.iter().any(|word| word.text == "-version")
        }
        Some("bash" | "sh" | "zsh" | "ash" | "dash" | "ksh" | "fish") => words.iter().all(|word| {
            matches!(
                word.text.as_str(),
                "-i" | "-l" | "--login" | "-il" | "-li" | "--norc" | "--noprofile"
            )
        }),
        Some("python" | "python3" | "ipython" | "node" | "irb" | "lua" | "php" | "ghci") => {
            words
                .iter()
                .all(|word| matches!(word.text.as_str(), "-i" | "-q"))
                && !matches!(command.program_name(), Some("php"))
        }
        Some(
            "vim" | "vi" | "nvim" | "nano" | "emacs" | "htop" | "btop" | "lazydocker" | "k9s"
            | "tmux",
        ) => !asks_about_itself(words),
        Some("less" | "more") => !words.is_empty() && !asks_about_itself(words),
        Some("top") => !has("", Some('b')) && !asks_about_itself(words),
        Some("read") => {
            command.words.len() > command.program && !reads_elsewhere(words) && !command.is_guarded
        }
        Some("ssh") => {
            !has("", Some('N'))
                && !has("", Some('V'))
                && !has("", Some('T'))
                && positional(words, SSH_VALUES).len() == 1
        }
        Some("su") => !has("command", Some('c')),
        Some("sudo") => words
            .iter()
            .any(|word| word.text == "-i" || word.text == "-s"),
        Some("kubectl") => {
            has("tty", Some('t'))
                && words
                    .iter()
                    .any(|word| word.text == "exec" || word.text == "run")
        }
        _ => false,
    }
}

/// `read` from another descriptor, or with nobody to wait for.
fn reads_elsewhere(words: &[Word]) -> bool {
    option_is_set(words, "", Some('u')) || option_is_set(words, "", Some('t'))
}

fn asks_about_itself(words: &[Word]) -> bool {
    words
        .iter()
        .any(|word| matches!(word.text.as_str(), "--version" | "--help" | "-V"))
}

fn redis_waits(words: &[Word]) -> bool {
    positional(words, REDIS_VALUES).is_empty()
        && words.iter().all(|word| {
            !word.text.starts_with('-')
                || REDIS_CONNECT.contains(&word.text.as_str())
                || REDIS_VALUES.contains(&word.text.as_str())
        })
}

/// Whether every long option is one of those that only say where to connect, or how to show.
fn only_known_options(words: &[Word], with_value: &[&str]) -> bool {
    let others = [
        "--no-psqlrc",
        "--quiet",
        "--tuples-only",
        "--no-align",
        "--expanded",
        "--csv",
        "--html",
        "--echo-all",
    ];
    words
        .iter()
        .filter(|word| word.text.starts_with("--"))
        .all(|word| {
            let name = word.text.split('=').next().unwrap_or_default();
            with_value.contains(&name)
                || others.contains(&name)
                || name == "--no-password"
                || name == "--password"
        })
}

fn docker_is_interactive(call: &DockerCall<'_>) -> bool {
    let words = call.arguments;
    let verb = if call.verb == "container" {
        call.sub_verb
    } else {
        call.verb
    };
    match verb {
        // Docker refuses a terminal where there is none; Compose makes do without one.
        "exec" | "run" if !call.is_compose => {
            let own = call
                .inner_command()
                .map_or(words.len(), |inner| words.len() - inner.len());
            let own = &words[..own];
            option_is_set(own, "tty", Some('t')) && option_is_set(own, "interactive", Some('i'))
        }
        "login" => {
            !option_is_set(words, "password", Some('p'))
                && !option_is_set(words, "password-stdin", None)
        }
        _ => false,
    }
}
