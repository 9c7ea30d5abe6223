//! The configuration: both sources, and for every fault a sentence that names the field and shows no value.

use std::collections::BTreeMap;
use std::fs;

use crate::device::set_request;
use crate::issuer::issuing;
use crate::process::{Folder, Relay, classic, command, nextgen};
use crate::upstream::{Upstream, ok};

fn check(config: &str, environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let folder = Folder::make();
    let file = folder.0.join("relay.toml");
    fs::write(&file, config).unwrap();
    let mut command = command();
    command.arg("--check").arg("--config").arg(&file).envs(environment.iter().copied());
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!said.contains("hush"), "a value is shown: {said}");
    (output.status.code(), said)
}

fn good() -> String {
    classic("https://enfuce.example", "")
}

#[test]
fn the_examples_of_the_readme_are_good() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let examples: Vec<_> =
        readme.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), 3);
    let folder = Folder::make();
    let secret = folder.0.join("secret");
    fs::write(&secret, "hush\n").unwrap();
    let keys = folder.0.join("keys");
    fs::write(&keys, "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n").unwrap();
    for example in examples {
        let mut config = String::new();
        for line in example.lines() {
            // The files that the example names do not exist here.
            match line.split_once("_file = ") {
                Some(("seal_keys", _)) => config += &format!("seal_keys_file = {keys:?}\n"),
                Some((name @ ("password" | "client_secret" | "authorize_token"), _)) => {
                    config += &format!("{name}_file = {secret:?}\n")
                }
                Some(_) => {}
                None => config += &format!("{line}\n"),
            }
        }
        assert_eq!(check(&config, &[]), (Some(0), String::new()), "{config}");
    }
}

#[test]
fn every_field_of_the_readme_is_one_and_no_other_is() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    for name in [
        "listen",
        "admin_listen",
        "customer_header",
        "customer",
        "drain_ms",
        "deadline_ms",
        "cors_origins",
        "operations",
        "issuer_ca_file",
        "traces.url",
        "enfuce.platform",
        "enfuce.base_url",
        "enfuce.card_base_url",
        "enfuce.card_product",
        "enfuce.audit_user",
        "enfuce.connect_timeout_ms",
        "enfuce.timeout_ms",
        "enfuce.calls",
        "enfuce.ca_file",
        "enfuce.client_certificate_file",
        "enfuce.client_key_file",
        "enfuce.auth.kind",
        "quota.per_second",
        "quota.per_minute",
        "quota.copies",
        "quota.store.url",
        "limits.connections",
        "limits.body_bytes",
        "limits.body_timeout_ms",
        "limits.per_minute",
        "limits.burst",
        "limits.customers",
    ] {
        assert!(readme.contains(&format!("`{name}`")), "{name} is not in the README");
        // No field allows this value, so each field is refused under its own name.
        let variable = format!("CARDPIN__{}", name.replace('.', "__").to_uppercase());
        let (code, said) = check(&good(), &[(&variable, "\u{7}hush hush")]);
        assert!(
            code == Some(2) && said.contains(&variable) && !said.contains("no such field"),
            "{name}: {said}"
        );
    }
    let (code, said) =
        check(&format!("{}colour = \"hush\"\n[limit]\nburst = 1\n", good()), &[("CARDPIN__COLOUR", "hush")]);
    assert_eq!(code, Some(2));
    for unknown in ["enfuce.colour: there is no such field", "limit.burst: there", "CARDPIN__COLOUR: there"] {
        assert!(said.contains(unknown), "{unknown} not in {said}");
    }
}

#[test]
fn operators_have_an_address_of_their_own() {
    let config = classic("http://127.0.0.1:1", "");
    let with = |admin: &str| {
        check(&config, &[("CARDPIN__LISTEN", "127.0.0.1:8081"), ("CARDPIN__ADMIN_LISTEN", admin)])
    };
    let (code, said) = with("127.0.0.1:8081");
    assert!(
        code == Some(2) && said.contains("admin_listen: has to be another address than listen."),
        "{said}"
    );
    assert_eq!(with("127.0.0.1:8082").0, Some(0));
}

#[test]
fn one_customer_may_at_least_finish_a_session_at_once() {
    let with = |burst: &str| check(&good(), &[("CARDPIN__LIMITS__BURST", burst)]);
    let (code, said) = with("3");
    let rule = "CARDPIN__LIMITS__BURST: has to be a whole number from 4 to 1000000.";
    assert!(code == Some(2) && said.contains(rule), "{said}");
    assert_eq!(with("4").0, Some(0));
}

#[test]
fn faults_are_told_all_at_once() {
    let (code, said) = check("listen = \"hush\"\ndrain_ms = 99999999\n[limits]\nburst = \"hush\"\n", &[]);
    assert_eq!(code, Some(2));
    let told: Vec<_> = said.lines().map(|line| line.split(':').next().unwrap()).collect();
    let expected = [
        "listen",
        "customer",
        "drain_ms",
        "limits.burst",
        "enfuce.platform",
        "enfuce.base_url",
        "enfuce.audit_user",
        "enfuce.auth.kind",
    ];
    assert_eq!(told, expected, "{said}");
}

#[test]
fn each_rule_has_its_sentence() {
    let with = |old: &str, new: &str| {
        assert!(good().contains(old), "{old}");
        good().replace(old, new)
    };
    let store = |url: &str| format!("{}[quota.store]\nurl = \"{url}\"\n", good());
    let address = "https://enfuce.example";
    for (config, hint) in [
        (with(address, "http://enfuce.example"), "enfuce.base_url: has to be an https address"),
        (with(address, "https://user:hush@enfuce.example"), "enfuce.base_url: has to be"),
        (with(address, "https://enfuce.example?a=hush"), "enfuce.base_url: has to be"),
        (with("classic", "hush"), "enfuce.platform: has to be classic or nextgen"),
        (with("\"relay\"", "\"two words hush\""), "enfuce.audit_user: has to be"),
        (with("\"relay\"", "\"\""), "enfuce.audit_user: is empty"),
        (with("\"basic\"", "\"hush\""), "enfuce.auth.kind: has to be basic, bearer or oauth2"),
        (with("user = \"sandbox\"", "user = \"hush:\""), "enfuce.auth.user: has to be"),
        (
            with("password = \"sandbox\"", "password_file = \"/nowhere\""),
            "enfuce.auth.password_file: the file it names",
        ),
        (with("password = \"sandbox\"", "password = \"a\", password_file = \"b\""), "both given"),
        (with(", password = \"sandbox\"", ""), "enfuce.auth.password: is missing"),
        (
            with("password = \"sandbox\"", "password = \"hush\\nhush\""),
            "enfuce.auth.password: has to be one line",
        ),
        (
            with("user = \"sandbox\"", "user = \"a\", token = \"hush\""),
            "enfuce.auth.token: there is no such field",
        ),
        (format!("{}[audit]\nkey = \"hush\"", good()), "audit.key: has to be 32 characters"),
        (with("\"peer-address\"", "\"hush\""), "customer: has to be jwt, or peer-address"),
        (with("customer = \"peer-address\"", ""), "customer: is missing"),
        (
            with("drain_ms = 0", "customer_header = \"x\""),
            "customer: there is no such field, or it does not go",
        ),
        (with("drain_ms = 0", "cors_origins = \"*\""), "cors_origins: has to be origins"),
        (
            with("drain_ms = 0", "deadline_ms = 3000\ndrain_ms = 0")
                .replace("[enfuce]", "[enfuce]\nconnect_timeout_ms = 3000"),
            "enfuce.connect_timeout_ms: has to be less than",
        ),
        (with("[enfuce]", "[enfuce]\ncalls = 1000"), "enfuce.calls: has to be less than limits.connections"),
        (
            with("listen = \"127.0.0.1:0\"\nadmin", "listen = \"unix:/run/relay.sock\"\nadmin"),
            "customer: peer-address needs a port",
        ),
        (
            with("drain_ms = 0", "cors_origins = [\"https://app.example/hush\"]"),
            "cors_origins: has to be origins",
        ),
        (
            with("drain_ms = 0", "drain_ms = true"),
            "drain_ms: has to be a text, a list of texts or a whole number",
        ),
        (with("drain_ms = 0", "drain_ms = -1"), "drain_ms: has to be a whole number from 0 to 60000"),
        (store("redis://store.example:6379"), "quota.store.url: has to be rediss://HOST:PORT"),
        (store("rediss://user:hush@store.example"), "quota.store.url: has to be"),
        (store("rediss://store.example/1"), "quota.store.url: has to be"),
        (store("unix:store.sock"), "quota.store.url: has to be"),
        (store("hush"), "quota.store.url: has to be"),
        (
            format!("{}user = \"hush\"", store("rediss://store.example")),
            "quota.store.user: needs quota.store.password",
        ),
        (format!("{}name = \"hush hush\"", store("unix:/run/store.sock")), "quota.store.name: has to be"),
        (
            format!("{}ca_file = \"hush\"", store("redis://[::1]")),
            "quota.store.ca_file: there is no such field",
        ),
        (format!("{}[quota.store]\nname = \"hush\"", good()), "quota.store.name: there is no such field"),
        (
            format!("{}[traces]\nurl = \"http://collector.example/v1/traces\"", good()),
            "traces.url: has to be an https",
        ),
        (format!("{}[traces]\ntoken = \"hush\"", good()), "traces.token: needs traces.url"),
        (format!("{}[traces]\nurl = \"hush\"\ntoken = \"hush\"", good()), "traces.url: has to be an https"),
        (with("drain_ms = 0", "drain_ms = hush"), "line 4 is not valid TOML"),
    ] {
        let (code, said) = check(&config, &[]);
        assert!(code == Some(2) && said.lines().count() == 1 && said.contains(hint), "{hint} not in {said}");
    }
    for url in [
        "rediss://store.example",
        "rediss://[2001:db8::1]:443",
        "redis://localhost:1",
        "unix:/run/store.sock",
    ] {
        assert_eq!(check(&store(url), &[]), (Some(0), String::new()), "{url}");
    }
    let (code, said) = check(&nextgen("https://enfuce.example", "").replace("client_secret", "secret"), &[]);
    assert!(code == Some(2) && said.contains("enfuce.auth.client_secret: is missing"), "{said}");
    let output = command().args(["--check", "--config", "/nowhere.toml"]).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("/nowhere.toml: cannot be read"));
    let output = command().arg("--colour").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("--colour"));
}

#[test]
fn a_quota_with_which_no_session_can_end_is_refused() {
    let folder = Folder::make();
    let address = "https://enfuce.example";
    let quota = |config: &str, fields: &str| check(&format!("{config}\n[quota]\n{fields}\n"), &[]);
    let view = good().replace("drain_ms = 0", "operations = [\"view-pin\"]");
    let patient = |config: &str| {
        let longer = config.replace("drain_ms = 0", "drain_ms = 0\ndeadline_ms = 60000");
        longer.replace("audit_user", "timeout_ms = 60000\naudit_user")
    };
    // Of what one request may wait, 7 of 8 seconds, a little more and a little less.
    for (config, too_small, large_enough, field) in [
        (good(), "per_minute = 8", "per_minute = 9", "quota.per_minute"),
        (good(), "per_second = 1\nper_minute = 8", "per_second = 1\nper_minute = 9", "quota.per_minute"),
        (good(), "copies = 337", "copies = 336", "quota.copies"),
        (
            good(),
            "copies = 337\nstore.url = \"unix:/run/store.sock\"",
            "copies = 336\nstore.url = \"unix:/run/store.sock\"",
            "quota.copies",
        ),
        (classic(address, "timeout_ms = 1000"), "per_second = 1", "per_second = 2", "quota.per_second"),
        // Each of two copies makes a call in two seconds.
        (
            classic(address, "timeout_ms = 2000"),
            "per_second = 1\ncopies = 2",
            "per_second = 2\ncopies = 2",
            "quota.copies",
        ),
        (
            issuing(&nextgen(address, ""), &folder, address),
            "per_minute = 8",
            "per_minute = 9",
            "quota.per_minute",
        ),
        // The call for the control id comes before the one to view.
        (issuing(&view, &folder, address), "per_minute = 8", "per_minute = 9", "quota.per_minute"),
        // A request may wait for long, but a control id expires.
        (patient(&good()), "per_minute = 1", "per_minute = 2", "quota.per_minute"),
        (
            issuing(&patient(&good()), &folder, address),
            "per_minute = 4",
            "per_minute = 5",
            "quota.per_minute",
        ),
    ] {
        let (code, said) = quota(&config, too_small);
        let hint = format!("{field}: no session could ever end");
        assert!(
            code == Some(2) && said.lines().count() == 1 && said.starts_with(&hint),
            "{hint} not in {said}"
        );
        assert_eq!(quota(&config, large_enough), (Some(0), String::new()), "{large_enough}");
    }
    // Follows the advice in each message: after three, the quota is accepted.
    let mut fields = BTreeMap::from([
        ("per_minute", "1".to_owned()),
        ("per_second", "1".to_owned()),
        ("copies", "900".to_owned()),
    ]);
    let mut fixes = 0;
    loop {
        let lines: Vec<_> = fields.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let (code, said) = quota(&classic(address, "timeout_ms = 500"), &lines.join("\n"));
        if code == Some(0) {
            break;
        }
        let (_, fix) = said.split_once(" it to ").expect(&said);
        let number = fix.split(' ').next().unwrap().to_owned();
        let field = said.strip_prefix("quota.").unwrap().split(':').next().unwrap();
        *fields.get_mut(field).expect(&said) = number;
        fixes += 1;
        assert!(fixes <= 3, "{said}");
    }
    assert_eq!(fixes, 3, "each field needed a correction: {fields:?}");
    // Here, one call is a whole session.
    assert_eq!(quota(&view, "per_minute = 1"), (Some(0), String::new()));
}

#[tokio::test]
async fn the_environment_wins_and_is_enough() {
    let folder = Folder::make();
    let secret = folder.0.join("secret");
    fs::write(&secret, "from a file\r\n").unwrap();
    let variable = ("CARDPIN__ENFUCE__AUTH__PASSWORD_FILE", secret.to_str().unwrap());
    assert_eq!(
        check(&good().replace("\"sandbox\" }", "\"x\", password_file = \"y\" }"), &[variable]).0,
        Some(0)
    );

    let upstream = Upstream::start(|_| ok("{}")).await;
    let mut command = command();
    for (name, value) in [
        ("PLATFORM", "classic"),
        ("BASE_URL", &upstream.base_url),
        ("AUDIT_USER", "from-the-environment"),
        ("AUTH__KIND", "bearer"),
        ("AUTH__TOKEN_FILE", secret.to_str().unwrap()),
    ] {
        command.env(format!("CARDPIN__ENFUCE__{name}"), value);
    }
    command.env("CARDPIN__CUSTOMER", "peer-address");
    assert!(command.arg("--check").output().unwrap().status.success());

    let config = classic(&upstream.base_url, "").replace("\"sandbox\" }", "\"in the file\" }");
    let relay =
        Relay::start(&config.replace("password = \"in the file\"", &format!("password_file = {secret:?}")));
    assert_eq!(relay.post("/set", &set_request("an-id", &[1; 8])).await.status, 200);
    let expected =
        <base64ct::Base64 as base64ct::Encoding>::encode_string(b"sandbox:from a file").to_lowercase();
    assert!(upstream.received()[0].head.contains(&format!("authorization: basic {expected}")));
}

#[test]
fn an_address_in_use_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = Folder::make();
    let file = folder.0.join("relay.toml");
    fs::write(&file, good()).unwrap();
    let output = command().arg("--config").arg(file).env("CARDPIN__LISTEN", &address).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && said.contains(&address), "{said}");
}
