//! The configuration, from environment variables.
//!
//! | variable | role | default | meaning |
//! |---|---|---|---|
//! | `ROLE` | all | `primary` | `primary`, `replica` or `client` |
//! | `LISTEN` | all | `0.0.0.0:8000`, client 8003, replica `PORT` | where to listen |
//! | `OTEL_SERVICE_NAME` | all | the role | what the service calls itself |
//! | `REPLICA_URLS` | primary, client | the lab's two | base URLs, with commas between them |
//! | `REPLICA1_DELAY_MS`, `REPLICA2_DELAY_MS` | primary | 500, 1500 | delay of the first and second; of any other 1000 |
//! | `REPLICA_ID` | replica | `replica1` | its name in answers and metrics |
//! | `PORT` | replica | 8001 | where to listen |
//! | `PRIMARY_URL` | client | `http://lab14-primary:8000` | base URL |
//! | `POLL_INTERVAL_MS` | client | 500 | pause between two looks at all nodes |

use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use service_kit::{ConfigError, Environment};

use crate::peer::Peer;

const MILLISECONDS: &str = "a number of milliseconds up to 600000";

/// The service's configuration.
#[derive(Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What the service calls itself.
    pub service_name: String,
    /// What it is.
    pub role: Role,
}

/// What a process is.
#[derive(Debug)]
pub enum Role {
    /// It takes writes.
    Primary(PrimaryConfig),
    /// It holds a copy.
    Replica(ReplicaConfig),
    /// It measures.
    Client(ClientConfig),
}

/// Of the primary.
#[derive(Debug)]
pub struct PrimaryConfig {
    pub(crate) replicas: Vec<Peer>,
    /// One for each replica, in milliseconds.
    pub(crate) delays_ms: Vec<u64>,
    pub(crate) default_delays_ms: [u64; 2],
}

/// Of a replica.
#[derive(Debug)]
pub struct ReplicaConfig {
    pub(crate) id: String,
}

/// Of the client.
#[derive(Debug)]
pub struct ClientConfig {
    pub(crate) primary: Peer,
    pub(crate) replicas: Vec<Peer>,
    pub(crate) poll_interval: Duration,
}

/// At most ten minutes.
#[derive(Debug)]
struct Milliseconds(u64);

#[derive(Debug, thiserror::Error)]
#[error("out of range or not a number")]
struct NotMilliseconds;

impl FromStr for Milliseconds {
    type Err = NotMilliseconds;

    fn from_str(text: &str) -> Result<Self, NotMilliseconds> {
        let number = text.parse().map_err(|_| NotMilliseconds)?;
        (number <= crate::input::MAX_DELAY_MS)
            .then_some(Self(number))
            .ok_or(NotMilliseconds)
    }
}

#[derive(Debug, Clone, Copy)]
enum RoleName {
    Primary,
    Replica,
    Client,
}

#[derive(Debug, thiserror::Error)]
#[error("no such role")]
struct NoSuchRole;

impl FromStr for RoleName {
    type Err = NoSuchRole;

    fn from_str(text: &str) -> Result<Self, NoSuchRole> {
        match text {
            "primary" => Ok(Self::Primary),
            "replica" => Ok(Self::Replica),
            "client" => Ok(Self::Client),
            _ => Err(NoSuchRole),
        }
    }
}

impl Config {
    /// Reads the variables listed above.
    ///
    /// # Errors
    /// A variable cannot be what it must be.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let expected = "one of primary, replica, client";
        let name = environment.parse("ROLE", RoleName::Primary, expected)?;
        let milliseconds = |name, default| {
            let number = environment.parse(name, Milliseconds(default), MILLISECONDS)?;
            Ok::<_, ConfigError>(number.0)
        };
        let (port, called, role) = match name {
            RoleName::Primary => {
                let replicas = replicas(environment)?;
                let default_delays_ms = [
                    milliseconds("REPLICA1_DELAY_MS", 500)?,
                    milliseconds("REPLICA2_DELAY_MS", 1500)?,
                ];
                let delay = |index| default_delays_ms.get(index).copied().unwrap_or(1000);
                let delays_ms = (0..replicas.len()).map(delay).collect();
                let role = PrimaryConfig {
                    replicas,
                    delays_ms,
                    default_delays_ms,
                };
                (8000, "primary", Role::Primary(role))
            }
            RoleName::Replica => {
                let id = environment.text("REPLICA_ID", "replica1");
                let port = environment.parse("PORT", 8001, "a port")?;
                (port, "replica", Role::Replica(ReplicaConfig { id }))
            }
            RoleName::Client => {
                let role = ClientConfig {
                    primary: environment.parse(
                        "PRIMARY_URL",
                        Peer::lab("primary", 8000),
                        "a URL",
                    )?,
                    replicas: replicas(environment)?,
                    poll_interval: Duration::from_millis(milliseconds("POLL_INTERVAL_MS", 500)?),
                };
                (8003, "client", Role::Client(role))
            }
        };
        let listen = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
        Ok(Self {
            listen: environment.parse("LISTEN", listen, "an address such as 0.0.0.0:8000")?,
            service_name: environment.text("OTEL_SERVICE_NAME", called),
            role,
        })
    }
}

#[derive(Debug)]
struct Peers(Vec<Peer>);

impl FromStr for Peers {
    type Err = crate::peer::NoHost;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let items = text.split(',').map(str::trim).filter(|url| !url.is_empty());
        items
            .map(Peer::from_str)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn replicas(environment: &Environment) -> Result<Vec<Peer>, ConfigError> {
    let default = Peers(vec![
        Peer::lab("replica1", 8001),
        Peer::lab("replica2", 8002),
    ]);
    let peers = environment.parse("REPLICA_URLS", default, "URLs with commas between them")?;
    Ok(peers.0)
}
