//! Certificates for the tests of TLS, made by OpenSSL.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs OpenSSL in the folder; its arguments are one text, split at spaces.
fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An authority, and its certificates: for a server on localhost, for a server of another name, for a client, and for a gateway.
pub(crate) fn make_certificates(folder: &Path) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(folder, &format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=test-ca"));
    fs::write(folder.join("server.ext"), "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n")
        .unwrap();
    fs::write(folder.join("other.ext"), "subjectAltName=DNS:other.example\nextendedKeyUsage=serverAuth\n")
        .unwrap();
    fs::write(folder.join("client.ext"), "extendedKeyUsage=clientAuth\n").unwrap();
    let gateway = "subjectAltName=DNS:gateway.example\nextendedKeyUsage=clientAuth\n";
    fs::write(folder.join("gateway.ext"), gateway).unwrap();
    for name in ["server", "other", "client", "gateway"] {
        openssl(folder, &format!("req -new {key} -keyout {name}.key -out {name}.csr -subj /CN={name}"));
        let sign = "-CA ca.pem -CAkey ca.key -CAcreateserial -days 2";
        openssl(folder, &format!("x509 -req -in {name}.csr {sign} -extfile {name}.ext -out {name}.pem"));
    }
}
