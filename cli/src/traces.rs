//! The receiver of spans that a page's claims about traces need, and the variables that bring the spans to it.

use std::{io, sync::Arc};

use labctl_docker::{ServicesHost, services_hosts};
use labctl_engine::{Lab, TraceReceiver, TraceStore};

/// Where a collector listens for OTLP over gRPC, and where services send their spans if they are not told otherwise.
pub(crate) const COLLECTOR_PORT: u16 = 4317;

/// Listens as long as it is there.
#[derive(Debug)]
pub(crate) struct Traces {
    _receiver: TraceReceiver,
    /// What comes together there.
    pub(crate) store: Arc<TraceStore>,
}

/// Starts a receiver, which passes on what it gets to the lab's `collector`, and puts what services need to send to it into the environment of the lab's blocks.
///
/// # Errors
/// Nobody can listen where the lab's containers could reach it.
pub(crate) async fn listen(
    lab: &mut Lab,
    has_containers: bool,
    collector: Option<&str>,
) -> Result<Traces, String> {
    let hosts = if has_containers {
        services_hosts(lab)
            .await
            .map_err(|error| error.to_string())?
    } else {
        let name = "127.0.0.1".to_owned();
        let listen = std::net::Ipv4Addr::LOCALHOST.into();
        vec![ServicesHost { listen, name }]
    };
    let mut failed = None;
    for host in hosts {
        match TraceReceiver::listen(host.listen, collector) {
            Ok(receiver) => {
                lab.env.extend(receiver.variables(&host.name));
                return Ok(Traces {
                    store: receiver.store(),
                    _receiver: receiver,
                });
            }
            // This machine's network is not the containers'.
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {}
            Err(error) => drop(failed.get_or_insert((host.listen, error))),
        }
    }
    Err(match failed {
        Some((address, error)) => format!("labctl cannot listen for spans on {address}: {error}"),
        None => "there is no address at which labctl could listen for spans".to_owned(),
    })
}
