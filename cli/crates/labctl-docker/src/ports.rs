//! Who has taken a host port: a container, or a process of this machine.

use std::{
    fs,
    io::ErrorKind,
    net::{IpAddr, TcpListener, UdpSocket},
};

use crate::{
    DockerError, PublishedPort,
    engine::{Container, Engine},
};

/// One fragment for every port that is taken, with its holder; containers of `project` do not count.
///
/// # Errors
/// The engine failed.
pub(crate) async fn taken(
    engine: &Engine,
    project_containers: &[Container],
    ports: &[PublishedPort],
) -> Result<Vec<String>, DockerError> {
    if ports.is_empty() {
        return Ok(Vec::new());
    }
    let mut others = engine.all_containers().await?;
    others.retain(|other| project_containers.iter().all(|own| own.id != other.id));
    let has = |containers: &[Container], port: &PublishedPort| {
        containers
            .iter()
            .find(|container| publishes(container, port))
            .map(|container| container.name.clone())
    };
    Ok(ports
        .iter()
        .filter_map(|port| {
            let holder = match has(&others, port) {
                Some(name) => format!("container `{name}`"),
                None if !engine.is_local || has(project_containers, port).is_some() => return None,
                None => process_holding(port)?,
            };
            Some(format!(
                "port {} of service `{}` is taken by {holder}",
                port.port, port.service
            ))
        })
        .collect())
}

fn publishes(container: &Container, wanted: &PublishedPort) -> bool {
    container.ports.iter().any(|(address, port, protocol)| {
        *port == wanted.port
            && *protocol == wanted.protocol
            && (*address == wanted.address || is_any(address) || is_any(&wanted.address))
    })
}

fn is_any(address: &str) -> bool {
    address.is_empty()
        || address
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_unspecified())
}

/// Tries the port; if it is taken, says by which process, as far as that can be seen.
fn process_holding(port: &PublishedPort) -> Option<String> {
    let address: IpAddr = port.address.parse().ok()?;
    let tried = if port.protocol == "udp" {
        UdpSocket::bind((address, port.port)).map(drop)
    } else {
        TcpListener::bind((address, port.port)).map(drop)
    };
    match tried {
        Err(error) if error.kind() == ErrorKind::AddrInUse => Some(
            socket_inode(port)
                .and_then(|inode| process_with(&inode))
                .unwrap_or_else(|| "another process".to_owned()),
        ),
        _ => None,
    }
}

/// The inode of the socket that listens on the port, from `/proc/net`.
fn socket_inode(port: &PublishedPort) -> Option<String> {
    ["", "6"].iter().find_map(|family| {
        let table = fs::read_to_string(format!("/proc/net/{}{family}", port.protocol)).ok()?;
        inode_in(&table, port)
    })
}

/// A line: `sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode`; 0A is LISTEN, 07 an open UDP
/// socket.
fn inode_in(table: &str, port: &PublishedPort) -> Option<String> {
    let state = if port.protocol == "udp" { "07" } else { "0A" };
    let suffix = format!(":{:04X}", port.port);
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_it = fields.get(1)?.ends_with(&suffix) && *fields.get(3)? == state;
        is_it.then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
    })
}

/// The process that has the socket open: "`redis-server` (process 4711)". Others' processes cannot be looked into.
fn process_with(inode: &str) -> Option<String> {
    let socket = format!("socket:[{inode}]");
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let has_it = fs::read_dir(entry.path().join("fd"))
            .ok()?
            .flatten()
            .any(|fd| fs::read_link(fd.path()).is_ok_and(|target| target.as_os_str() == &*socket));
        let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        has_it.then(|| format!("`{}` (process {pid})", name.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(address: &str, port: u16) -> PublishedPort {
        PublishedPort {
            service: "api".to_owned(),
            address: address.to_owned(),
            port,
            protocol: "tcp".to_owned(),
        }
    }

    #[test]
    fn the_process_that_listens_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let number = listener.local_addr().unwrap().port();
        let holder = process_holding(&port("127.0.0.1", number)).unwrap();
        let id = format!("(process {})", std::process::id());
        assert!(holder.ends_with(&id), "{holder}");
    }

    #[test]
    fn a_free_port_has_no_holder() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let number = listener.local_addr().unwrap().port();
        drop(listener);
        assert_eq!(process_holding(&port("127.0.0.1", number)), None);
    }

    #[test]
    fn only_listening_sockets_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:1F40 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 11 1\n\
             1: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 22 1\n";
        assert_eq!(
            inode_in(table, &port("127.0.0.1", 8000)),
            Some("22".to_owned())
        );
        assert_eq!(inode_in(table, &port("127.0.0.1", 8001)), None);
    }
}
