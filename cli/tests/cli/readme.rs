//! The README's own commands, played by the tool it describes.

use std::{env, path::Path};

use crate::page::{Say, labctl};

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_labctl"))
        .parent()
        .unwrap()
        .to_owned();
    let path = env::split_paths(&env::var_os("PATH").unwrap()).collect::<Vec<_>>();
    let path = env::join_paths([vec![binary], path].concat()).unwrap();
    labctl()
        .current_dir(root)
        .env("PATH", path)
        .args(["verify", "README.md"])
        .said()
        .passes()
        .says("passed: 4 blocks ran");
}
