//! Whose a lab is.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use labctl_engine::Runtime;

use crate::fixture::{TestLab, docker, free_port, told};

const ONE: &str = "  api: {image: IMAGE, command: [serve]}";

/// Not a test: the other process of the tests below. Holds the lab in `LABCTL_TEST_LAB` until it is killed.
#[test]
#[ignore = "a helper process of other tests"]
fn hold_a_lab_until_killed() {
    let folder = std::env::var_os("LABCTL_TEST_LAB").expect("started by another test");
    let lab = labctl_engine::Lab {
        name: "test-lab".to_owned(),
        folder: folder.into(),
        env: std::collections::BTreeMap::new(),
    };
    let mut runtime = labctl_docker::DockerRuntime::new(labctl_docker::Settings {
        state_folder: lab.folder.join("state"),
    });
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio.block_on(async {
        runtime.claim(&lab).await.unwrap();
        runtime.bring_up(&lab).await.unwrap();
    });
    println!("\nholding");
    loop {
        std::thread::park();
    }
}

/// Another process that holds the lab; killed with −9 when dropped.
struct Holder(Child);

impl Holder {
    fn of(lab: &TestLab) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--ignored",
                "--exact",
                "claims::hold_a_lab_until_killed",
                "--nocapture",
            ])
            .env("LABCTL_TEST_LAB", lab.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let holder = Self(child);
        let is_held = lines.map_while(Result::ok).any(|line| line == "holding");
        assert!(is_held, "the other process did not get the lab");
        holder
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn two_runs_do_not_fight_and_what_a_killed_one_left_is_removed() {
    let lab = TestLab::new(ONE);
    let holder = Holder::of(&lab);
    let mut runtime = lab.runtime();
    let message = told(&runtime.claim(&lab.lab()).await.unwrap_err());
    let process = format!("in use by process {} since ", holder.0.id());
    assert!(message.contains(&process), "{message}");
    assert!(message.contains(lab.path().to_str().unwrap()), "{message}");
    drop(holder);
    let notes = runtime.claim(&lab.lab()).await.unwrap();
    assert_eq!(notes.len(), 1);
    assert!(
        notes[0].starts_with("removed what a killed run left (process "),
        "{notes:?}"
    );
    assert!(
        notes[0].contains(": 1 container, 1 network, 1 volume"),
        "{notes:?}"
    );
    assert_eq!(lab.things(), [""; 0]);
}

#[tokio::test]
async fn a_lab_that_somebody_else_brought_up_is_left_alone() {
    let lab = TestLab::new(ONE);
    lab.compose(&["up", "-d"]);
    let before = lab.things();
    let mut runtime = lab.runtime();
    let message = told(&runtime.claim(&lab.lab()).await.unwrap_err());
    let from = format!("brought up from {}, not by labctl", lab.path().display());
    assert!(message.contains(&from), "{message}");
    assert!(message.contains("`labctl down test-lab`"), "{message}");
    runtime.tear_down(&lab.lab()).await.unwrap();
    assert_eq!(lab.things(), before);
}

#[tokio::test]
async fn a_lab_that_a_person_brought_up_is_refused_until_it_is_down() {
    let lab = TestLab::new(ONE);
    let notes = lab.runtime().up(&lab.lab()).await.unwrap();
    assert!(notes[0].contains("labctl down test-lab"), "{notes:?}");
    lab.runtime().up(&lab.lab()).await.unwrap();
    let message = told(&lab.runtime().claim(&lab.lab()).await.unwrap_err());
    assert!(message.contains("already up (`labctl up` in "), "{message}");
    let taken_down = lab.runtime().down(&lab.lab()).await.unwrap();
    assert_eq!(
        taken_down.removed.as_deref(),
        Some("1 container, 1 network")
    );
    assert_eq!(lab.things(), [""; 0]);
    lab.runtime().claim(&lab.lab()).await.unwrap();
}

#[tokio::test]
async fn a_port_taken_by_a_process_is_told_before_anything_starts() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let lab = TestLab::new(&format!(
        "{}, ports: [\"127.0.0.1:{port}:80\"]}}",
        &ONE[..ONE.len() - 1]
    ));
    let message = told(&lab.runtime().claim(&lab.lab()).await.unwrap_err());
    assert!(
        message.starts_with(&format!("port {port} of service `api` is taken by `")),
        "{message}"
    );
    assert!(
        message.ends_with(&format!("(process {})", std::process::id())),
        "{message}"
    );
    assert_eq!(lab.things(), [""; 0]);
}

#[tokio::test]
async fn a_port_taken_by_a_container_is_told_before_anything_starts() {
    let port = free_port();
    let services = format!(
        "{}, ports: [\"127.0.0.1:{port}:80\"]}}",
        &ONE[..ONE.len() - 1]
    );
    let (other, lab) = (TestLab::new(&services), TestLab::new(&services));
    other.compose(&["up", "-d"]);
    let message = told(&lab.runtime().claim(&lab.lab()).await.unwrap_err());
    let expected = format!(
        "port {port} of service `api` is taken by container `{}-api-1`",
        other.project
    );
    assert_eq!(message, expected);
}

#[tokio::test]
async fn volumes_from_before_are_kept() {
    let lab = TestLab::new(
        "  api: {image: IMAGE, command: [serve], volumes: [\"mine:/mine\"]}\nvolumes: {mine: {}}",
    );
    lab.compose(&["up", "-d"]);
    lab.compose(&["rm", "--stop", "--force", "--volumes"]);
    let mut runtime = lab.runtime();
    let notes = runtime.claim(&lab.lab()).await.unwrap();
    let name = format!("{}_mine", lab.project);
    assert!(notes[0].ends_with(&name), "{notes:?}");
    runtime.bring_up(&lab.lab()).await.unwrap();
    runtime.tear_down(&lab.lab()).await.unwrap();
    assert_eq!(lab.things().join(" "), name);
    docker(&["volume", "rm", &name]);
}
