//! An address that stays while the server behind it comes and goes.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Neither port nor accident: connections are taken and nothing happens on them.
const HANGS: u32 = u32::MAX;
/// Connections end at once.
const AWAY: u32 = 0;

pub(crate) struct Gate {
    pub(crate) port: u16,
    behind: Arc<AtomicU32>,
}

impl Gate {
    /// Leads nowhere at first: connections end at once.
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let behind = Arc::new(AtomicU32::new(AWAY));
        let shared = Arc::clone(&behind);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let behind = Arc::clone(&shared);
                std::thread::spawn(move || serve(client.unwrap(), &behind));
            }
        });
        Self { port, behind }
    }

    /// To a port of this machine; what is under way to another one breaks off.
    pub(crate) fn lead_to(&self, port: u16) {
        self.behind.store(port.into(), Ordering::SeqCst);
    }

    pub(crate) fn lead_nowhere(&self) {
        self.behind.store(AWAY, Ordering::SeqCst);
    }

    pub(crate) fn hang(&self) {
        self.behind.store(HANGS, Ordering::SeqCst);
    }
}

fn serve(client: TcpStream, behind: &Arc<AtomicU32>) {
    let at_first = behind.load(Ordering::SeqCst);
    let still = {
        let behind = Arc::clone(behind);
        move || behind.load(Ordering::SeqCst) == at_first
    };
    if at_first == HANGS {
        while still() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    let Some(server) = u16::try_from(at_first)
        .ok()
        .filter(|port| *port != 0)
        .and_then(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok())
    else {
        return;
    };
    let forth = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let still_too = still.clone();
    std::thread::spawn(move || copy(forth.0, forth.1, still_too));
    copy(server, client, still);
}

fn copy(mut from: TcpStream, mut to: TcpStream, still: impl Fn() -> bool) {
    from.set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    let mut buffer = [0; 16 << 10];
    while still() {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                if to.write_all(&buffer[..count]).is_err() {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
    drop(from.shutdown(Shutdown::Both));
    drop(to.shutdown(Shutdown::Both));
}
