//! The contract that every runtime keeps.

use labctl_engine::contract::runtime_keeps_its_contract;

use crate::fixture::TestLab;

#[tokio::test]
async fn the_real_runtime_keeps_the_contract() {
    let lab = TestLab::new("  api: {image: IMAGE, command: [serve, hello]}");
    runtime_keeps_its_contract(lab.runtime(), lab.runtime(), &lab.lab()).await;
}
