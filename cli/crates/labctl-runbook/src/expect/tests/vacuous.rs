//! Claims that say nothing.

use super::super::{Statement, is_vacuous};
use super::support::read;

#[track_caller]
fn vacuous(claim: &str, expected: bool) {
    let (expectations, _) = read(claim);
    let Statement::Claim(claim) = &expectations.statements[0] else {
        panic!()
    };
    assert_eq!(is_vacuous(claim), expected, "{}", claim.text);
}

#[test]
fn a_claim_that_holds_of_silence_is_vacuous_unless_silence_is_the_point() {
    vacuous("stdout not contains \"error\"", true);
    vacuous("stderr not matches /panic/", true);
    vacuous("stdout matches /.*/", true);
    vacuous("stdout exists", true);
    vacuous("stdout count >= 0", true);
    vacuous("line[3] not exists", true);
    vacuous("stdout == \"\"", false);
    vacuous("stdout is empty", false);
    vacuous("exit == 0", false);
    vacuous("json $.a not exists", false);
    vacuous("stdout contains \"x\"", false);
}
