//! Commands that only run another one: `sudo`, `env`, `timeout 5`, `xargs` and their like.

use super::{command::Command, word::Word};

/// Finds the program behind the wrappers and notes what they change.
pub(super) fn unwrap(command: &mut Command) {
    let mut index = 0;
    while let Some(word) = command.words.get(index).filter(|word| word.is_literal()) {
        let name = word.text.rsplit('/').next().unwrap_or_default();
        let Some(wrapper) = WRAPPERS.iter().find(|wrapper| wrapper.name == name) else {
            break;
        };
        let Some(inner) = wrapper.inner(&command.words, index) else {
            break;
        };
        command.is_bounded |= name == "timeout";
        command.is_given_arguments |= name == "xargs";
        index = inner;
    }
    command.program = index;
}

struct Wrapper {
    name: &'static str,
    /// Options that take the next word as their value.
    with_value: &'static [&'static str],
    /// Options that make it something other than a wrapper.
    ends: &'static [&'static str],
    /// Words of its own before the wrapped command.
    operands: usize,
}

const WRAPPERS: &[Wrapper] = &[
    wrapper(
        "sudo",
        &["-u", "-g", "-h", "-p", "-C", "-D", "-U", "--user"],
        &["-i", "-s", "-l", "-v", "-k"],
        0,
    ),
    wrapper("env", &["-u", "--unset", "-C", "--chdir"], &["-S"], 0),
    wrapper("time", &["-f", "-o"], &[], 0),
    wrapper("nohup", &[], &[], 0),
    wrapper("setsid", &[], &[], 0),
    wrapper("exec", &["-a"], &[], 0),
    wrapper("command", &[], &["-v", "-V"], 0),
    wrapper("builtin", &[], &[], 0),
    wrapper("nice", &["-n"], &[], 0),
    wrapper("ionice", &["-c", "-n"], &["-p"], 0),
    wrapper("stdbuf", &["-i", "-o", "-e"], &[], 0),
    wrapper("timeout", &["-s", "--signal", "-k", "--kill-after"], &[], 1),
    wrapper(
        "xargs",
        &[
            "-n",
            "-I",
            "-P",
            "-d",
            "-L",
            "-a",
            "-E",
            "-s",
            "--max-args",
            "--max-procs",
            "--delimiter",
        ],
        &[],
        0,
    ),
];

const fn wrapper(
    name: &'static str,
    with_value: &'static [&'static str],
    ends: &'static [&'static str],
    operands: usize,
) -> Wrapper {
    Wrapper {
        name,
        with_value,
        ends,
        operands,
    }
}

impl Wrapper {
    /// The index of the wrapped command, if there is one; `index` is the wrapper's own.
    fn inner(&self, words: &[Word], index: usize) -> Option<usize> {
        let mut index = index + 1;
        let mut operands = self.operands;
        while let Some(word) = words.get(index) {
            if word.text.starts_with('-') && word.text.len() > 1 {
                if self.ends.contains(&word.text.as_str()) {
                    return None;
                }
                index += 1 + usize::from(self.with_value.contains(&word.text.as_str()));
            } else if self.name == "env" && word.assigns.is_some() {
                index += 1;
            } else if operands > 0 {
                operands -= 1;
                index += 1;
            } else {
                return Some(index);
            }
        }
        None
    }
}
