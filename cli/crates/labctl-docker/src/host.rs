//! How a lab's containers reach a process on this machine.

use std::net::{IpAddr, Ipv4Addr};

use bollard::{models::IpamConfig, query_parameters::InspectNetworkOptions};
use labctl_engine::{Lab, RuntimeError};

use crate::{Compose, DockerError, engine::Engine};

/// An address of this machine, and what it is called in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicesHost {
    /// Where a process listens.
    pub listen: IpAddr,
    /// Its name or address for the lab's containers.
    pub name: String,
}

/// Where a process can listen that only this machine and its containers shall reach, the best first: the gateway of
/// the engine's own network; loopback, which Docker Desktop brings its containers to.
///
/// # Errors
/// The engine cannot be reached, or is on another machine.
pub async fn services_hosts(lab: &Lab) -> Result<Vec<ServicesHost>, RuntimeError> {
    let host = Compose::new(lab).engine_host().await?;
    let engine = Engine::connect(&host).await?;
    if !engine.is_local {
        return Err(RuntimeError::Unavailable {
            message: format!(
                "the Docker engine at {host} is on another machine, and its containers cannot send to this one"
            ),
            source: None,
        });
    }
    let network = engine
        .docker
        .inspect_network("bridge", None::<InspectNetworkOptions>)
        .await
        .map_err(DockerError::engine("look at the network `bridge`"))?;
    let configured = network
        .ipam
        .and_then(|ipam| ipam.config)
        .unwrap_or_default();
    let gateways = configured.iter().filter_map(gateway);
    let mut hosts: Vec<_> = gateways
        .map(|listen| ServicesHost {
            listen,
            name: listen.to_string(),
        })
        .collect();
    hosts.push(ServicesHost {
        listen: Ipv4Addr::LOCALHOST.into(),
        name: "host.docker.internal".to_owned(),
    });
    Ok(hosts)
}

/// The network's address on this machine. The engine does not tell that of its own network before it has used it: it is
/// the first of the subnet.
fn gateway(config: &IpamConfig) -> Option<IpAddr> {
    if let Some(gateway) = &config.gateway {
        return gateway.parse().ok();
    }
    let (network, _) = config.subnet.as_ref()?.split_once('/')?;
    let network: Ipv4Addr = network.parse().ok()?;
    Some(Ipv4Addr::from_bits(network.to_bits() + 1).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_the_one_told_or_the_first_of_its_subnet() {
        let config = |gateway: Option<&str>, subnet: Option<&str>| IpamConfig {
            gateway: gateway.map(str::to_owned),
            subnet: subnet.map(str::to_owned),
            ..IpamConfig::default()
        };
        let told = |config: IpamConfig| gateway(&config).map(|address| address.to_string());
        let subnet = Some("172.17.0.0/16");
        assert_eq!(
            told(config(Some("172.17.0.9"), subnet)).as_deref(),
            Some("172.17.0.9")
        );
        assert_eq!(told(config(None, subnet)).as_deref(), Some("172.17.0.1"));
        assert_eq!(told(config(None, Some("fd00::/64"))), None);
        assert_eq!(told(config(None, None)), None);
    }
}
