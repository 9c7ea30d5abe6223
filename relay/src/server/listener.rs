//! Accepts connections over TCP or through a socket in the file system.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};

use crate::config::Listen;

/// Either kind of connection.
pub(super) type Stream = Box<dyn Duplex>;

pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

pub(super) enum Listener {
    Tcp(TcpListener),
    Unix { listener: UnixListener, _remove: Remove },
}

/// Removes the socket's file at the end.
pub(super) struct Remove(PathBuf);

impl Drop for Remove {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Listener {
    /// Listens, and returns the address. Port 0 has been replaced by a real one.
    pub(super) async fn bind(at: &Listen) -> io::Result<(Self, Listen)> {
        match at {
            Listen::Tcp(address) => {
                let listener = TcpListener::bind(address).await?;
                let at = Listen::Tcp(listener.local_addr()?);
                Ok((Self::Tcp(listener), at))
            }
            Listen::Unix(path) => {
                remove_left_over(path).await?;
                let listener = UnixListener::bind(path)?;
                Ok((Self::Unix { listener, _remove: Remove(path.clone()) }, at.clone()))
            }
        }
    }

    pub(super) async fn accept(&self) -> io::Result<(Stream, Option<SocketAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Answers are small and must not wait for another packet.
                let _ = stream.set_nodelay(true);
                Ok((Box::new(stream), Some(peer)))
            }
            Self::Unix { listener, .. } => Ok((Box::new(listener.accept().await?.0), None)),
        }
    }
}

/// A relay that was killed leaves its socket behind. If something still answers on the socket, it is in use.
async fn remove_left_over(path: &Path) -> io::Result<()> {
    let is_socket = fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
    if !is_socket {
        return Ok(());
    }
    match tokio::net::UnixStream::connect(path).await {
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(_) => fs::remove_file(path),
    }
}
