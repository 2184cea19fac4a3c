//! The binary on the labs in Docker, as a person and as CI would use it. Labs have fixed names and ports, so the tests
//! run one after another (nextest's profile `labs`).

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

mod by_hand;
#[path = "../cli/dashboard.rs"]
#[expect(dead_code, reason = "here only the queries are of interest")]
mod dashboard;
mod image_context;
mod interrupted;
mod lab;
mod lesson;
mod page;
mod refused;
#[path = "../cli/said.rs"]
mod said;
mod watched;
