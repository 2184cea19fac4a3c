//! Claims about traces: what holds, what fails, and what a failure shows.

mod sketch;

use std::sync::Arc;

use labctl_runbook::{
    Captures, Runbook, TraceObservation, Verdict,
    expect::judge,
    traces::{RecordedSpan, SpanTree, waterfall},
};
use sketch::sketch;

/// A write through two stores; the same again, slower; one from before the block.
const WRITES: &str = "api: POST /items @0-12 item.id=\"a\" http.status_code=201; . postgres_insert @1-6 rows=1; \
     . redis_set @6-9 error | api: POST /items @20-40; . postgres_insert @20-30; . redis_set @28-39 | \
     - api: GET /items @0-3; . redis_get @0-2";

fn verdict(line: &str, seen: &TraceObservation) -> Verdict {
    let page = format!("```bash\ntrue\n```\n<!-- expect\n{line}\n-->\n");
    let runbook = Runbook::parse(&page);
    assert_eq!(runbook.diagnostics, [], "{line}");
    let statement = &runbook.blocks[0].expectations.statements[0];
    judge(statement, seen, &mut Captures::default())
}

#[track_caller]
fn holds(claim: &str, spans: &str) {
    assert_eq!(verdict(claim, &sketch(spans)), Verdict::Held, "{claim}");
}

/// The first line of what the failure says.
#[track_caller]
fn fails(claim: &str, spans: &str, why: &str) {
    match verdict(claim, &sketch(spans)) {
        Verdict::Failed(seen) => assert_eq!(seen.lines().next(), Some(why), "{claim}"),
        other => panic!("{claim}: {other:?}"),
    }
}

#[test]
fn traces_are_counted_and_chosen() {
    holds("trace api \"POST /items\" count == 2", WRITES);
    holds("trace[1] api \"POST /items\" exists", WRITES);
    holds("trace[-1] api \"POST /items\" duration > 15ms", WRITES);
    holds("trace api \"DELETE /items\" not exists", WRITES);
    holds("trace api \"DELETE /items\" count == 0", WRITES);
    fails(
        "trace api \"POST /items\" exists",
        WRITES,
        "there are 2: \"POST /items\", \"POST /items\"; `all`, `any` or `none` speak of several",
    );
    fails(
        "trace[3] api \"POST /items\" exists",
        WRITES,
        "there is none",
    );
    fails(
        "trace[3] api \"POST /items\" duration > 1s",
        WRITES,
        "there is no such trace",
    );
}

#[test]
fn what_began_before_the_block_is_none_of_its_traces() {
    holds("trace api \"GET /items\" not exists", WRITES);
    fails(
        "trace api \"GET /items\" duration < 1s",
        WRITES,
        "there is no such trace; there was api \"POST /items\" (2)",
    );
}

#[test]
fn spans_are_there_or_not_in_order_and_apart() {
    let first = "trace[1] api \"POST /items\"";
    for claim in [
        "span \"postgres_insert\" exists",
        "span \"redis_get\" not exists",
        "span \"redis_set\" count == 1",
        "children == [\"postgres_insert\", \"redis_set\"]",
        "children not contains \"redis_get\"",
        "span \"redis_set\" status == \"error\"",
        "span \"redis_set\" parent == \"POST /items\"",
        "span \"redis_set\" kind == \"internal\"",
        "kind == \"server\"",
        "status == \"unset\"",
        "attributes == [\"item.id\", \"http.status_code\"]",
        "attribute http.status_code == 201",
        "attribute item.id is string",
        "attribute item.price not exists",
        "span \"postgres_insert\" attribute rows > 0",
        "gap \"postgres_insert\" \"redis_set\" >= 0s",
        "gap \"postgres_insert\" \"redis_set\" < 1ms",
        "ratio \"POST /items\" \"postgres_insert\" == 2.4 ± 0.01",
        "duration < 13ms",
    ] {
        holds(&format!("{first} {claim}"), WRITES);
    }
    // Those of the second write overlap.
    holds(
        "trace[2] api \"POST /items\" gap \"postgres_insert\" \"redis_set\" < 0s",
        WRITES,
    );
    holds(
        "any trace api \"POST /items\" span \"redis_set\" status == \"error\"",
        WRITES,
    );
    holds(
        "all trace api \"POST /items\" span \"redis_set\" duration < 20ms",
        WRITES,
    );
}

#[test]
fn a_claim_about_a_span_that_is_missing_fails() {
    let first = "trace[1] api \"POST /items\"";
    for (claim, why) in [
        (
            "span \"redis_get\" duration < 1s",
            "there is no span `redis_get`",
        ),
        (
            "span \"redis_get\" attribute k not exists",
            "there is no span `redis_get`",
        ),
        ("span \"redis_get\" exists", "there is none"),
        ("attribute item.price == 1", "there is none"),
        (
            "gap \"redis_get\" \"redis_set\" >= 0s",
            "there is no span `redis_get`",
        ),
        (
            "ratio \"redis_set\" \"redis_get\" > 1",
            "there is no span `redis_get`",
        ),
        (
            "gap \"redis_set\" \"postgres_insert\" >= 0s",
            "it is -0.008 s",
        ),
        ("span \"redis_set\" duration > 1s", "it took 0.003 s"),
        (
            "children == [\"redis_set\"]",
            "got [\"postgres_insert\",\"redis_set\"]",
        ),
    ] {
        fails(&format!("{first} {claim}"), WRITES, why);
    }
}

#[test]
fn absence_is_known_only_of_a_service_that_is_heard() {
    fails(
        "trace api \"GET /health\" not exists",
        "",
        "no span of `api` has come; no span has come at all: do the services send them to \
         `OTEL_EXPORTER_OTLP_ENDPOINT`, as the blocks' environment has it?",
    );
    fails(
        "trace apo \"GET /health\" count == 0",
        WRITES,
        "no span of `apo` has come; there was api \"POST /items\" (2); is it `api`?",
    );
}

#[test]
fn what_there_was_no_room_for_leaves_everything_open() {
    let mut seen = sketch(WRITES);
    seen.lost = 3;
    let verdict = verdict("trace api \"POST /items\" count == 2", &seen);
    assert!(matches!(verdict, Verdict::Errored(_)), "{verdict:?}");
}

#[test]
fn a_root_is_where_a_service_takes_the_work_up() {
    let through = "client: POST /write @0-50; . primary: POST /data @5-20; . . replicate-to-a @6-49; \
         . . POST /data @7-8";
    holds("trace primary \"POST /data\" count == 1", through);
    holds(
        "trace client \"POST /write\" span \"replicate-to-a\" service == \"primary\"",
        through,
    );
    holds(
        "trace primary \"POST /data\" parent == \"POST /write\"",
        through,
    );
    holds(
        "trace client \"POST /write\" span \"replicate-to-a\" duration > 40ms",
        through,
    );
}

#[test]
fn links_are_named_where_the_other_span_is_known() {
    let batch = "api: PUT /p @0-5; . queue_write @1-2 | worker: process_batch @10-30; . process_update @11-20 link=2; \
         . process_insert @21-22 link=99";
    let batches = "trace worker \"process_batch\"";
    holds(
        &format!("{batches} span \"process_update\" links == [\"queue_write\"]"),
        batch,
    );
    holds(
        &format!(
            "{batches} span \"process_insert\" links contains \"{:032x}/{:016x}\"",
            1, 99
        ),
        batch,
    );
}

#[test]
fn a_failure_draws_what_it_saw() {
    let seen = sketch(WRITES);
    let Verdict::Failed(told) = verdict("trace api \"POST /items\" count == 1", &seen) else {
        panic!()
    };
    insta::assert_snapshot!(told);
}

#[test]
fn parents_in_a_circle_and_spans_sent_twice_are_drawn_once() {
    let mut seen = sketch("api: a @0-9; . b @1-5");
    let twice = Arc::clone(&seen.spans[1]);
    let back = RecordedSpan {
        parent: Some(2),
        ..(*seen.spans[0]).clone()
    };
    seen.spans = vec![Arc::new(back), Arc::clone(&twice), twice];
    let trees = SpanTree::all(seen.spans.iter().map(AsRef::as_ref), |span| {
        span.name == "a"
    });
    assert_eq!(trees.len(), 1);
    assert_eq!(waterfall(&trees[0]).lines().count(), 2);
}

#[test]
fn names_from_elsewhere_are_cut_and_cannot_move_the_cursor() {
    let mut seen = sketch("api: a @0-0");
    let wild = RecordedSpan {
        name: format!("\u{1b}[2J{}", "long ".repeat(50)),
        end: 0,
        ..(*seen.spans[0]).clone()
    };
    seen.spans = vec![Arc::new(wild)];
    let trees = SpanTree::all(seen.spans.iter().map(AsRef::as_ref), |_| true);
    let drawn = waterfall(&trees[0]);
    assert!(
        !drawn.contains('\u{1b}') && drawn.chars().count() < 120,
        "{drawn:?}"
    );
}
