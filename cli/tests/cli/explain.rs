//! `labctl explain`.

use crate::page::{Page, Say};

#[test]
fn what_is_judged_is_said_in_words_with_what_is_weak() {
    let page = Page::new()
        .block("up", "true")
        .block("read", "echo '{\"count\": 3}'")
        .expect("json $.count == 3\nstderr not contains \"x\"\nneeds up\nsnapshot stdout\nretry 3 every 2s")
        .block("wait", "sleep 100")
        .expect("until stdout contains \"ready\"")
        .block("prune", "docker system prune -f");
    let said = page.labctl(&["explain", "page.md", "read"]).said().passes();
    assert_eq!(
        said.stdout,
        "read  page.md:7\n  runs\n  only if `up` has passed\n  again 2s later if it does not pass, 3 times in all\n  \
         - its exit code is 0, as nothing else is said\n  \
         - `$.count` in the JSON it prints is 3  page.md:11\n  \
         - what it prints to standard error does not contain \"x\"  page.md:12\n  \
         - what it prints is its accepted snapshot\n  \
         ! its snapshot is never compared: there is no folder `page.snapshots`  page.md:7\n  \
         ! `stderr not contains \"x\"` would also hold if nothing were printed  page.md:12\n"
    );
    let said = page.labctl(&["explain", "page.md"]).said().passes();
    let said = said.says("  stopped as soon as what it prints contains \"ready\"\n");
    said.says("prune  page.md:25\n  skipped: would harm more than this lab");
    page.labctl(&["explain", "page.md", "raed"])
        .said()
        .code(2)
        .says("no block named `raed`; did you mean `read` (line 7)?");
}
