//! `labctl up`, `down`, `status` and `logs`: a lab's services at a person's hand.

use std::{collections::BTreeMap, process::ExitCode};

use labctl_docker::find_compose_file;
use labctl_engine::Lab;

use crate::{
    args::LogsArgs,
    document::Document,
    environment::Environment,
    error::CliError,
    library::Library,
    output,
    report::columns::columns,
    scene::{Scene, runtime},
};

pub(crate) async fn up(
    library: &Library,
    environment: &Environment,
    typed: &str,
) -> Result<ExitCode, CliError> {
    let lab = lab(library, typed).await?;
    for note in runtime(environment).up(&lab).await? {
        output::text(&format!("{note}\n"));
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn down(
    library: &Library,
    environment: &Environment,
    typed: &str,
) -> Result<ExitCode, CliError> {
    let lab = lab(library, typed).await?;
    let done = runtime(environment).down(&lab).await?;
    let told = done.removed.map_or_else(
        || format!("{} was not up", lab.name),
        |removed| format!("{} is down: {removed} removed", lab.name),
    );
    output::text(&format!("{told}\n"));
    if !done.kept_volumes.is_empty() {
        output::text(&format!(
            "volumes kept, as labctl did not make them: {}\n",
            done.kept_volumes.join(", ")
        ));
    }
    let residue = done.residue;
    let left: Vec<_> = [residue.containers, residue.networks, residue.volumes].concat();
    if left.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(CliError::Errored(format!(
        "still there: {}",
        left.join(", ")
    )))
}

pub(crate) async fn status(
    library: &Library,
    environment: &Environment,
    typed: &str,
) -> Result<ExitCode, CliError> {
    let lab = lab(library, typed).await?;
    let services = runtime(environment).status(&lab).await?;
    let rows = services.into_iter().map(|service| {
        vec![
            service.service,
            service.state,
            service.health.unwrap_or_default(),
            service.restarts.to_string(),
            service.ports.join(" "),
        ]
    });
    output::text(&columns(
        &["SERVICE", "STATE", "HEALTH", "RESTARTS", "PORTS"],
        rows,
    ));
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn logs(
    library: &Library,
    environment: &Environment,
    args: &LogsArgs,
) -> Result<ExitCode, CliError> {
    /// Enough to see what led to it, little enough to read.
    const TAIL: u32 = 200;
    let lab = lab(library, &args.lab).await?;
    let tail = usize::try_from(args.tail.unwrap_or(TAIL)).unwrap_or(usize::MAX);
    let mut printed = |service: &str, line: &str| output::text(&format!("{service} | {line}\n"));
    runtime(environment)
        .logs(&lab, &args.services, tail, args.follow, &mut printed)
        .await?;
    Ok(ExitCode::SUCCESS)
}

/// The lab as the runtime knows it.
pub(super) async fn lab(library: &Library, typed: &str) -> Result<Lab, CliError> {
    let document = Document::load(library.resolve(typed)?)?;
    let scene = Scene::set(document, None, BTreeMap::new()).await?;
    if find_compose_file(&scene.lab.folder).is_none() {
        return Err(CliError::Usage(format!(
            "{} has no Compose file: there are no services",
            scene.lab.name
        )));
    }
    match scene.compose_error {
        Some(error) => Err(error.into()),
        None => Ok(scene.lab),
    }
}
