//! A light reading of shell code: the simple commands it holds, and the circumstances each of them runs in.
//!
//! Not a shell: nothing is expanded, and what cannot be understood is passed over in silence, since every user of this
//! module would rather say nothing than something wrong. One pass, linear in the length of the code; no input panics.

mod command;
mod docker;
mod lexer;
mod scanner;
mod skip;
#[cfg(test)]
mod tests;
mod variables;
mod word;
mod wrappers;

pub(crate) use command::{Command, Script};
pub(crate) use docker::{DockerCall, docker_call, option_is_set, positional};
pub(crate) use variables::assignments;
pub(crate) use word::Word;
