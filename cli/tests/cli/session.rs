//! What blocks share.

use crate::page::Page;

fn shared() -> Page {
    Page::of("---\nlabctl: {session: shared}\n---\n# Page\n")
}

#[test]
fn a_shared_session_is_one_shell_for_all_blocks() {
    let page = shared()
        .block(
            "set",
            "x='it'\"'\"'s'; list=(a 'b c'); declare -A map=([k]=v); greet() { echo \"hi $1\"; }; mkdir -p sub; cd sub",
        )
        .block(
            "get",
            "greet \"$x\"; echo \"${list[1]} ${map[k]}\"; basename \"$PWD\"; unset x",
        )
        .block("last", "echo \"${x-gone} ${#list[@]}\"; cd ..; set -u; shopt -s extglob")
        .block("end", "[ -d sub ]; echo \"$-\" | tr -cd eu; shopt -q extglob");
    let said = page.labctl(&["run", "page.md", "--all"]).unwrap();
    assert_eq!(
        String::from_utf8(said.stdout).unwrap(),
        "hi it's\nb c v\nsub\ngone 2\neu"
    );
}

#[test]
fn a_shared_session_survives_readonly_variables_traps_and_an_early_exit() {
    let page = shared()
        .block("a", "readonly fixed=1; trap 'echo bye' EXIT; y=2; exit 0")
        .block("b", "echo \"$fixed$y\"; false || (exit 0)")
        .block("c", "declare -F; echo \"$fixed$y ${status-none}\"");
    let said = page.labctl(&["run", "page.md", "--all"]).unwrap();
    assert_eq!(
        String::from_utf8(said.stdout).unwrap(),
        "bye\n12\n12 none\n"
    );
}

#[test]
fn without_it_blocks_share_exported_variables_only() {
    let page = Page::new()
        .block("set", "x=1; export Y=2; f() { :; }; cd /")
        .block(
            "get",
            "echo \"${x-none} $Y $(declare -F) $(basename \"$PWD\")\"",
        );
    let said = page.labctl(&["run", "page.md", "--all"]).unwrap();
    let folder = page.folder().file_name().unwrap().to_str().unwrap();
    assert_eq!(
        String::from_utf8(said.stdout).unwrap(),
        format!("none 2  {folder}\n")
    );
}
