//! What the lessons look at: log, checkpoints, clear, the crash button.

use crate::lab::Lab;

#[tokio::test]
async fn the_log_shows_every_operation_in_order() {
    let lab = Lab::start();
    lab.set("config", r#"{"b":1,"a":"ü"}"#).await;
    lab.set("settings", "null").await;
    lab.delete("/kv/settings").await;
    let answer = lab.get("/admin/wal").await;
    let json = answer.json();
    let entries = json["entries"].as_array().unwrap();
    let times: Vec<f64> = entries
        .iter()
        .map(|e| e["timestamp"].as_f64().unwrap())
        .collect();
    assert!(times.is_sorted() && times[0] > 1.7e9, "{times:?}");
    let texts: Vec<_> = entries.iter().map(|e| e["timestamp"].to_string()).collect();
    let expected = format!(
        concat!(
            r#"{{"wal_enabled":true,"entries":["#,
            r#"{{"sequence":1,"operation":"SET","key":"config","value":{{"b":1,"a":"ü"}},"timestamp":{}}},"#,
            r#"{{"sequence":2,"operation":"SET","key":"settings","value":null,"timestamp":{}}},"#,
            r#"{{"sequence":3,"operation":"DELETE","key":"settings","value":null,"timestamp":{}}}]}}"#
        ),
        texts[0], texts[1], texts[2]
    );
    answer.is(200, &expected);
    let memory = Lab::start_in_memory();
    memory.set("a", "1").await;
    memory
        .get("/admin/wal")
        .await
        .is(200, r#"{"wal_enabled":false,"entries":[]}"#);
}

#[tokio::test]
async fn stats_without_a_log_are_the_first_four() {
    let lab = Lab::start_in_memory();
    lab.set("a", "1").await;
    let stats = r#"{"item_count":1,"wal_enabled":false,"recovered_entries":0,"lost_entries":0}"#;
    lab.get("/admin/stats").await.is(200, stats);
    lab.post("/admin/checkpoint", "").await.is_error(400);
}

#[tokio::test]
async fn the_hundredth_record_makes_a_checkpoint_and_counting_goes_on_behind_it() {
    let lab = Lab::start();
    lab.set("config", "1").await;
    lab.set("settings", "2").await;
    lab.set("config", "3").await;
    lab.delete("/kv/settings").await;
    for item in 1..=150 {
        lab.set(&format!("item-{item}"), &item.to_string()).await;
        let expected = if item < 96 { item + 4 } else { item - 96 };
        assert_eq!(lab.stat("entries_since_checkpoint").await, expected);
    }
    // Asked for behind the automatic one, so that is written too.
    let created = r#"{"status":"checkpoint created","entries_truncated":54}"#;
    lab.post("/admin/checkpoint", "{}").await.is(200, created);
    let stats = concat!(
        r#"{"item_count":151,"wal_enabled":true,"recovered_entries":0,"lost_entries":0,"#,
        r#""wal_sequence":154,"entries_since_checkpoint":0,"checkpoint_threshold":100,"wal_size_bytes":0}"#
    );
    lab.get("/admin/stats").await.is(200, stats);
    lab.get("/admin/wal")
        .await
        .is(200, r#"{"wal_enabled":true,"entries":[]}"#);
    let again = r#"{"status":"checkpoint created","entries_truncated":0}"#;
    lab.post("/admin/checkpoint", "").await.is(200, again);
}

#[tokio::test]
async fn deletes_make_checkpoints_due_as_well() {
    let lab = Lab::start_with(&[("CHECKPOINT_THRESHOLD", "4")]);
    for _ in 0..2 {
        lab.set("a", "1").await;
        lab.delete("/kv/a").await;
    }
    assert_eq!(lab.stat("entries_since_checkpoint").await, 0);
}

#[tokio::test]
async fn clear_begins_anew_with_sequence_one() {
    for mut lab in [
        Lab::start(),
        Lab::start_with(&[("CHECKPOINT_THRESHOLD", "2")]),
    ] {
        for key in ["a", "b", "c"] {
            lab.set(key, "1").await;
        }
        lab.post("/admin/clear", "")
            .await
            .is(200, r#"{"status":"cleared","items":0}"#);
        lab.get("/kv").await.is(200, r#"{"data":{},"count":0}"#);
        for stat in ["wal_sequence", "wal_size_bytes", "entries_since_checkpoint"] {
            assert_eq!(lab.stat(stat).await, 0, "{stat}");
        }
        lab.set("d", "1").await;
        assert_eq!(lab.stat("wal_sequence").await, 1);
        lab.restart();
        lab.get("/kv")
            .await
            .is(200, r#"{"data":{"d":1},"count":1}"#);
    }
    let memory = Lab::start_in_memory();
    memory.set("a", "1").await;
    memory
        .post("/admin/clear", "")
        .await
        .is(200, r#"{"status":"cleared","items":0}"#);
    memory.get("/kv").await.is(200, r#"{"data":{},"count":0}"#);
}

#[tokio::test]
async fn the_crash_button_answers_first_and_may_be_pressed_twice() {
    let lab = Lab::start_in_memory();
    lab.set("a", "1").await;
    for _ in 0..2 {
        let answer = lab.post("/admin/crash", "anything").await;
        assert_eq!(answer.status, 200);
        let message = answer.json()["message"].to_string();
        let expected =
            r#"{"status":"crashing","items_in_memory":1,"wal_enabled":false,"message":MESSAGE}"#;
        answer.is(200, &expected.replace("MESSAGE", &message));
    }
    lab.crash.is_due().await;
}
