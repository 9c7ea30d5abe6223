//! The form of an image.

use crate::integrity::sha256_of;
use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io::{self, Write},
    path::Path,
};
use tar::{Builder, EntryType, Header};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// The same sources give the same bytes, whenever they are built.
const NO_TIME: &str = "1970-01-01T00:00:00Z";

/// An image of one layer that contains only these files.
pub(crate) struct Image<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    pub(crate) license: &'a str,
    /// The address of its sources.
    pub(crate) source: &'a str,
    pub(crate) user: &'a str,
    pub(crate) entry_point: &'a [&'a str],
    pub(crate) arguments: &'a [&'a str],
    pub(crate) ports: &'a [&'a str],
    pub(crate) files: &'a [File<'a>],
}

/// A file of the image, by its path from the root.
pub(crate) struct File<'a> {
    pub(crate) path: &'a str,
    pub(crate) mode: u32,
    pub(crate) contents: Vec<u8>,
}

/// A part of the image to which others refer by its checksum.
struct Blob {
    kind: &'static str,
    contents: Vec<u8>,
}

impl Blob {
    fn of_json(kind: &'static str, value: &Value) -> Self {
        Self { kind, contents: value.to_string().into_bytes() }
    }

    fn path(&self) -> String {
        format!("blobs/sha256/{}", sha256_of(&self.contents))
    }

    fn descriptor(&self) -> Value {
        json!({"mediaType": self.kind, "digest": digest(&self.contents), "size": self.contents.len()})
    }
}

/// Writes the image as a tar file in the OCI layout (image specification 1.1), with the extra file that `docker load` reads. It
/// does so itself, because buildah, ko and Docker need root or a daemon, or write times into the layer: this is the same
/// byte for byte on every machine.
pub(crate) fn archive(image: &Image<'_>) -> Result<Vec<u8>> {
    let layer_tar = layer(image.files).context("the image's layer cannot be made")?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&layer_tar)?;
    let layer = Blob { kind: LAYER, contents: gzip.finish()? };
    let config = Blob::of_json(CONFIG, &config(image, &digest(&layer_tar)));
    let manifest = Blob::of_json(
        MANIFEST,
        &json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.descriptor(),
            "layers": [layer.descriptor()],
        }),
    );
    let name = format!("{}:{}", image.name, image.version);
    let mut descriptor = manifest.descriptor();
    descriptor["platform"] = json!({"architecture": "amd64", "os": "linux"});
    descriptor["annotations"] = json!({"org.opencontainers.image.ref.name": name});
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor]});
    let for_docker = json!([{"Config": config.path(), "RepoTags": [name], "Layers": [layer.path()]}]);

    let layout = json!({"imageLayoutVersion": "1.0.0"});
    let mut tar = Builder::new(Vec::new());
    for (path, contents) in [("oci-layout", &layout), ("index.json", &index), ("manifest.json", &for_docker)]
    {
        append(&mut tar, path, 0o644, contents.to_string().as_bytes())?;
    }
    for folder in ["blobs", "blobs/sha256"] {
        append_folder(&mut tar, folder)?;
    }
    for blob in [&manifest, &config, &layer] {
        append(&mut tar, &blob.path(), 0o644, &blob.contents)?;
    }
    Ok(tar.into_inner()?)
}

fn config(image: &Image<'_>, layer: &str) -> Value {
    let ports: serde_json::Map<_, _> =
        image.ports.iter().map(|port| ((*port).to_owned(), json!({}))).collect();
    json!({
        "created": NO_TIME,
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "User": image.user,
            "Entrypoint": image.entry_point,
            "Cmd": image.arguments,
            "ExposedPorts": ports,
            "WorkingDir": "/",
            "Labels": {
                "org.opencontainers.image.title": image.name,
                "org.opencontainers.image.version": image.version,
                "org.opencontainers.image.licenses": image.license,
                "org.opencontainers.image.source": image.source,
            },
        },
        "rootfs": {"type": "layers", "diff_ids": [layer]},
        "history": [{"created": NO_TIME, "created_by": "cargo xtask relay-image"}],
    })
}

fn digest(contents: &[u8]) -> String {
    format!("sha256:{}", sha256_of(contents))
}

/// The files, after the folders that they are in.
fn layer(files: &[File<'_>]) -> io::Result<Vec<u8>> {
    let mut tar = Builder::new(Vec::new());
    let folders: BTreeSet<_> =
        files.iter().flat_map(|file| Path::new(file.path).ancestors().skip(1)).collect();
    for folder in folders.into_iter().filter_map(Path::to_str).filter(|folder| !folder.is_empty()) {
        append_folder(&mut tar, folder)?;
    }
    for file in files {
        append(&mut tar, file.path, file.mode, &file.contents)?;
    }
    tar.into_inner()
}

fn append_folder(tar: &mut Builder<Vec<u8>>, path: &str) -> io::Result<()> {
    let mut header = header(EntryType::Directory, 0o755, 0);
    tar.append_data(&mut header, format!("{path}/"), io::empty())
}

fn append(tar: &mut Builder<Vec<u8>>, path: &str, mode: u32, contents: &[u8]) -> io::Result<()> {
    let mut header = header(EntryType::Regular, mode, contents.len() as u64);
    tar.append_data(&mut header, path, contents)
}

/// A header that belongs to root and has no time.
fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

#[cfg(test)]
mod tests {
    use super::{File, Image, archive, digest};
    use flate2::read::GzDecoder;
    use serde_json::{Value, json};
    use std::{collections::BTreeMap, io::Read};
    use tar::Archive;

    fn made() -> Vec<u8> {
        let files = [
            File { path: "relay", mode: 0o755, contents: b"program".to_vec() },
            File { path: "etc/ssl/authorities", mode: 0o644, contents: b"list".to_vec() },
        ];
        archive(&Image {
            name: "relay",
            version: "1.2.3",
            license: "MIT",
            source: "https://example.org/relay",
            user: "65532:65532",
            entry_point: &["/relay"],
            arguments: &["--check"],
            ports: &["1/tcp"],
            files: &files,
        })
        .unwrap()
    }

    /// Path → mode and contents.
    fn entries(bytes: &[u8]) -> BTreeMap<String, (u32, Vec<u8>)> {
        let mut archive = Archive::new(bytes);
        let entries = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            assert_eq!((entry.header().uid().unwrap(), entry.header().mtime().unwrap()), (0, 0));
            let path = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut contents = Vec::new();
            entry.read_to_end(&mut contents).unwrap();
            (path, (entry.header().mode().unwrap(), contents))
        });
        entries.collect()
    }

    #[test]
    fn every_descriptor_leads_to_what_it_describes() {
        let image = entries(&made());
        let file = |path: &str| &image[path].1;
        let json_of = |bytes: &[u8]| -> Value { serde_json::from_slice(bytes).unwrap() };
        let follow = |descriptor: &Value| {
            let sum = descriptor["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
            let contents = file(&format!("blobs/sha256/{sum}"));
            assert_eq!(descriptor["digest"], digest(contents));
            assert_eq!(descriptor["size"], contents.len());
            contents
        };
        assert_eq!(json_of(file("oci-layout")), json!({"imageLayoutVersion": "1.0.0"}));
        let index = json_of(file("index.json"));
        let manifest = json_of(follow(&index["manifests"][0]));
        let config = json_of(follow(&manifest["config"]));
        assert_eq!(config["config"]["User"], "65532:65532");
        let mut layer = Vec::new();
        GzDecoder::new(&**follow(&manifest["layers"][0])).read_to_end(&mut layer).unwrap();
        assert_eq!(config["rootfs"]["diff_ids"], json!([digest(&layer)]));
        let layer = entries(&layer);
        assert_eq!(layer["relay"], (0o755, b"program".to_vec()));
        assert_eq!(layer["etc/ssl/authorities"], (0o644, b"list".to_vec()));
        assert_eq!(layer.keys().collect::<Vec<_>>(), ["etc/", "etc/ssl/", "etc/ssl/authorities", "relay"]);
        let for_docker = json_of(file("manifest.json"));
        for path in [&for_docker[0]["Config"], &for_docker[0]["Layers"][0]] {
            assert!(image.contains_key(path.as_str().unwrap()));
        }
    }

    #[test]
    fn the_same_files_give_the_same_bytes() {
        assert_eq!(made(), made());
    }
}
