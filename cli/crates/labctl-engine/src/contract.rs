//! What every runtime must do, for the tests of those there are: behind the feature `contract`.

use std::time::{Duration, SystemTime};

use crate::{Lab, Residue, Runtime, RuntimeError};

const LONG: Duration = Duration::from_mins(1);

/// Holds a runtime to what [`Runtime`] promises.
///
/// The lab is down and belongs to nobody; its one service, `api`, prints a line and goes on. `other` is the runtime of
/// another run. The lab is left up, as [`Runtime::keep`] leaves it.
///
/// # Panics
/// The runtime does not keep its contract.
pub async fn runtime_keeps_its_contract<R: Runtime>(mut runtime: R, mut other: R, lab: &Lab) {
    has_nothing(&mut runtime, lab).await;
    let brought_up = runtime.bring_up(lab).await;
    assert!(brought_up.is_err(), "brought up though nobody claimed it");

    for _ in 0..2 {
        let since = SystemTime::now();
        runtime.claim(lab).await.expect("a lab that nobody holds");
        runtime.bring_up(lab).await.expect("the lab comes up");
        runtime.wait_ready(lab, LONG).await.expect("it is ready");
        runtime.remove_one_offs(lab).await.expect("there are none");
        has_api(&mut runtime, lab).await;
        let logs = runtime.logs_since(lab, since, 4096).await;
        let logs = logs.expect("logs can be read");
        assert!(logs.starts_with("api | "), "{logs:?}");
        assert!(logs.ends_with('\n'), "{logs:?}");

        is_refused(&mut other, lab).await;
        has_api(&mut runtime, lab).await;
        is_gone_after_teardown(&mut runtime, lab).await;
        is_gone_after_teardown(&mut runtime, lab).await;
    }

    runtime.claim(lab).await.expect("it was given back");
    runtime.bring_up(lab).await.expect("it comes up again");
    let how_to_get_in = runtime.keep(lab).await;
    assert_ne!(how_to_get_in, "");
    is_refused(&mut runtime, lab).await;
    is_refused(&mut other, lab).await;
}

/// One that holds no lab tells nothing of it.
async fn has_nothing(runtime: &mut impl Runtime, lab: &Lab) {
    assert!(runtime.block_env().is_empty());
    let restarts = runtime.restarts(lab).await.expect("nothing to ask");
    assert!(restarts.is_empty(), "{restarts:?}");
    let logs = runtime.logs_since(lab, SystemTime::UNIX_EPOCH, 4096).await;
    assert_eq!(logs.expect("nothing to read"), "");
    runtime.remove_one_offs(lab).await.expect("nothing to do");
    let service = runtime.service(lab, "api", None).await;
    assert!(service.is_err(), "told of a lab that it does not hold");
}

async fn has_api(runtime: &mut impl Runtime, lab: &Lab) {
    let restarts = runtime.restarts(lab).await.expect("they can be counted");
    let restarts: Vec<_> = restarts.into_iter().collect();
    assert_eq!(restarts, [("api".to_owned(), 0)]);
    let api = runtime
        .service(lab, "api", None)
        .await
        .expect("it is asked");
    assert_eq!(api.state, "running");
    assert_eq!(api.restarts, Some(0));
    assert_eq!((api.exit_code, api.health, api.logs), (None, None, None));
    let logs = Some((SystemTime::UNIX_EPOCH, 4096));
    let api = runtime.service(lab, "api", logs).await.expect("its log");
    let text = api.logs.expect("it was asked for").text;
    assert!(text.ends_with('\n') && !text.contains(" | "), "{text:?}");
    match runtime.service(lab, "apo", None).await {
        Err(RuntimeError::UnknownService { service, known }) => {
            assert_eq!((service.as_str(), known), ("apo", vec!["api".to_owned()]));
        }
        other => panic!("{other:?}"),
    }
}

/// Cannot have the lab, and does nothing to it.
async fn is_refused(runtime: &mut impl Runtime, lab: &Lab) {
    let claimed = runtime.claim(lab).await;
    assert!(claimed.is_err(), "two have the lab");
    has_nothing(runtime, lab).await;
    is_gone_after_teardown(runtime, lab).await;
}

async fn is_gone_after_teardown(runtime: &mut impl Runtime, lab: &Lab) {
    let residue = runtime.tear_down(lab).await.expect("it can be taken down");
    assert_eq!(residue, Residue::default());
    has_nothing(runtime, lab).await;
}
