//! HTTP/1.1, as far as two ends that close every connection need it.

use anyhow::{Context, Result, bail};
use tokio::{io::AsyncReadExt as _, net::TcpStream};

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A request from a browser.
pub(super) struct Request {
    method: String,
    pub(super) path: String,
    pub(super) query: String,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// The sandbox's answer.
pub(super) struct Answer {
    status: String,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// `None` where the connection ends without one.
    pub(super) async fn read(stream: &mut TcpStream) -> Result<Option<Self>> {
        let mut bytes = Vec::new();
        let head = loop {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(None);
            }
            if let Some(end) = end_of_head(&bytes) {
                break end;
            }
        };
        let body = bytes.split_off(head);
        let (start, headers) = parse_head(&bytes)?;
        let [method, target] = start.split(' ').take(2).collect::<Vec<_>>()[..] else { bail!("{start}") };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut request =
            Self { method: method.into(), path: path.into(), query: query.into(), headers, body };
        let length = value(&request.headers, "content-length").map_or(Ok(0), str::parse::<usize>)?;
        while request.body.len() < length && stream.read_buf(&mut request.body).await? > 0 {}
        Ok(Some(request))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        value(&self.headers, name)
    }

    /// The bytes that go on to the host `to`: without the query, which is for the network alone, but with a frame's key.
    pub(super) fn to_bytes(&self, from: &str, to: &str) -> Vec<u8> {
        let key = self.query.split('&').find(|field| field.starts_with("key="));
        let query = key.map(|key| format!("?{key}")).unwrap_or_default();
        let mut head = format!("{} {}{query} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            if name != "connection" && name != "if-none-match" && name != "if-modified-since" {
                head.push_str(&format!("{name}: {}\r\n", value.replace(from, to)));
            }
        }
        head.push_str("connection: close\r\n\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

impl Answer {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let head = end_of_head(bytes).context("the sandbox gave no answer")?;
        let (status, headers) = parse_head(&bytes[..head])?;
        let status = status.strip_prefix("HTTP/1.1 ").context("the sandbox speaks no HTTP/1.1")?.to_owned();
        Ok(Self { status, headers, body: bytes[head..].to_vec() })
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        value(&self.headers, name)
    }

    pub(super) fn set_header(&mut self, name: &str, value: &str) {
        self.headers.retain(|(other, _)| other != name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub(super) fn set_status(&mut self, status: u16) {
        self.status = format!("{status} As asked for");
    }

    /// Writes one host for another: in the headers, and in a page's text.
    pub(super) fn replace(&mut self, from: &str, to: &str) {
        for (_, value) in &mut self.headers {
            *value = value.replace(from, to);
        }
        if self.header("content-type").is_some_and(|media_type| media_type.starts_with("text/html")) {
            self.body = String::from_utf8_lossy(&self.body).replace(from, to).into_bytes();
        }
    }

    /// The head with the length of the whole body.
    pub(super) fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {}\r\n", self.status);
        for (name, value) in &self.headers {
            if name != "content-length" && name != "connection" {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        head.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n", self.body.len()));
        head.into_bytes()
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [self.head(), self.body.clone()].concat()
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let at = bytes.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD)?;
    Some(at + END_OF_HEAD.len())
}

/// The first line, and the headers with their names in small letters.
fn parse_head(head: &[u8]) -> Result<(String, Vec<(String, String)>)> {
    let head = str::from_utf8(head).context("the head is not text")?;
    let mut lines = head.trim_end().split("\r\n");
    let start = lines.next().unwrap_or_default().to_owned();
    let headers = lines.filter_map(|line| line.split_once(':'));
    Ok((start, headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect()))
}

fn value<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}
