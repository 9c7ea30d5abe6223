//! The hosted page and its files.

use std::fs;

use reqwest::Method;

use crate::support::{Answer, Sandbox};

#[tokio::test]
async fn the_page_is_filled_in_and_guarded() {
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    let card = sandbox.issuer(Method::GET, &format!("/card/v4/MC_CARD/{card_id}"), None).await.json();
    let last = card["maskedCardNumber"].as_str().unwrap().get(12..).unwrap().to_owned();
    let page = sandbox.fetch_page(&control_id).await;
    let (base, id) = (sandbox.base_url(), &control_id);
    // The page shows the brand and the last four digits, and nothing more of the number.
    assert_eq!(
        page.text,
        format!(
            "<!doctype html><title>p</title><main data-o=\"set-pin\" data-c=\"{id}\" data-p=\"{base}\">Mastercard •••• {last}</main>"
        )
    );
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-store");
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors {base}; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types card-pin"
    );
    assert_eq!(page.header("content-security-policy"), policy);
    // It has all of the policy for such pages, the first in the document, except that the issuer may frame it.
    let mut documented = include_str!("../../../docs/headers.md").lines();
    let documented = documented.find_map(|line| line.strip_prefix("Content-Security-Policy: ")).unwrap();
    for directive in documented.split("; ").filter(|directive| *directive != "frame-ancestors 'none'") {
        assert!(policy.split("; ").any(|own| own == directive), "{directive}");
    }
    // A page of another site that opened this one has no access to it.
    assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
    assert_eq!(sandbox.fetch_page(&control_id).await.header("cross-origin-opener-policy"), "same-origin");
}

#[tokio::test]
async fn no_other_site_frames_a_template() {
    let sandbox = Sandbox::start().await;
    for name in ["page.html", "page-error.html"] {
        let template = sandbox.get(&format!("/pin-page/{name}")).await;
        assert!(template.header("content-security-policy").contains("frame-ancestors 'self'"), "{name}");
    }
}

#[tokio::test]
async fn the_frame_waits_for_its_control_id() {
    let sandbox = Sandbox::start().await;
    let page = sandbox.get("/pin-page/frame?key=sandbox").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("data-c=\"\"") && page.text.contains("\"></main>"), "{}", page.text);
    assert!(page.text.contains(&format!("data-p=\"{}\"", sandbox.base_url())));
    assert!(
        page.header("content-security-policy").contains(&format!("frame-ancestors {};", sandbox.base_url()))
    );
    assert_eq!(sandbox.get("/pin-page/frame").await.status, 400);
    assert_eq!(sandbox.get("/pin-page/frame?key=other").await.status, 404);
}

#[tokio::test]
async fn each_frame_key_has_its_own_origin() {
    let mut sandbox = Sandbox::start().await;
    let frame = ("shop".to_owned(), "https://shop.example".to_owned());
    sandbox.restart(|config| config.frames = vec![frame]).await;
    let page = sandbox.get("/pin-page/frame?key=shop").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("data-p=\"https://shop.example\""), "{}", page.text);
    assert!(page.header("content-security-policy").contains("frame-ancestors https://shop.example;"));
    assert_eq!(sandbox.get("/pin-page/frame?key=sandbox").await.status, 200);
}

#[tokio::test]
async fn a_bad_token_gets_a_readable_page_that_does_not_repeat_it() {
    let sandbox = Sandbox::start().await;
    let (_, expired) = sandbox.card_and_control_id().await;
    sandbox.advance(31).await;
    let script = "<script>alert(1)</script>";
    for (token, status) in
        [("", 400), (script, 400), ("0d1f7a3e-30a5-4f3c-9d55-1b4d0f6c9a11", 404), (expired.as_str(), 410)]
    {
        let page = sandbox.fetch_page(token).await;
        assert_eq!(page.status, status, "{token}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(
            page.header("content-security-policy")
                .starts_with("default-src 'none'; style-src 'self'; frame-ancestors")
        );
        let title = if status == 410 { "This page has expired" } else { "This page is not available" };
        assert!(page.text.contains(&format!("<h1>{title}</h1>")), "{}", page.text);
        assert!(token.is_empty() || !page.text.contains(token));
    }
    let send = |media_type: &'static str, body: &'static str| {
        sandbox.request(Method::POST, "/pin-page/mobile").header("content-type", media_type).body(body).send()
    };
    assert_eq!(send("application/x-www-form-urlencoded", "other=1").await.unwrap().status(), 400);
    assert_eq!(send("application/json", "{}").await.unwrap().status(), 400);
    assert_eq!(send("application/json", "{\"controlId\": \"1\"}").await.unwrap().status(), 400);
    assert_eq!(send("text/plain", "controlId=1").await.unwrap().status(), 415);
    for media_type in ["application/x-www-form-urlencoded", "application/json"] {
        let request = sandbox.request(Method::POST, "/pin-page/mobile").header("content-type", media_type);
        let page = Answer::read(request.body(vec![0xFF, 0xFE]).send().await.unwrap()).await;
        assert_eq!((page.status, page.header("content-type")), (400, "text/html; charset=utf-8"));
    }
}

#[tokio::test]
async fn files_have_their_types() {
    let sandbox = Sandbox::start().await;
    let cases = [
        ("page.js", "text/javascript; charset=utf-8"),
        ("card-pin.css", "text/css; charset=utf-8"),
        ("card_pin_bg.wasm", "application/wasm"),
    ];
    for (name, media_type) in cases {
        let file =
            Answer::read(sandbox.request(Method::GET, &format!("/pin-page/{name}")).send().await.unwrap())
                .await;
        assert_eq!((file.status, file.header("content-type")), (200, media_type));
        assert_eq!(file.header("cache-control"), "no-cache");
        assert_eq!(file.text.len(), fs::read(sandbox.folder.join("dist").join(name)).unwrap().len());
    }
    // A worker does not inherit the policy of its page.
    let worker = sandbox.get("/pin-page/page.js").await;
    assert!(worker.header("content-security-policy").contains("connect-src 'self'"));
}

#[tokio::test]
async fn no_name_leads_out_of_the_folder() {
    let sandbox = Sandbox::start().await;
    fs::write(sandbox.folder.join("secret.txt"), "secret").unwrap();
    for name in [
        "..%2fsecret.txt",
        "%2e%2e%2fsecret.txt",
        "..%5csecret.txt",
        "sub",
        "sub/..%2fpage.js",
        "sub%2f..%2f..%2fsecret.txt",
        "sub/missing.js",
        "sub//inner.js",
        "PAGE.JS",
        "page.js%00",
        "page.js/",
        ".",
        "%2e",
        "missing.js",
    ] {
        let answer = sandbox.get(&format!("/pin-page/{name}")).await;
        assert_eq!(answer.status, 404, "{name}: {}", answer.text);
    }
    assert_eq!(sandbox.get("/pin-page/sub/inner.js").await.status, 200);
}

/// The language that the issuer asks for comes first, then the browser's languages, and English last.
#[tokio::test]
async fn the_page_speaks_the_language_that_is_asked_for() {
    let sandbox = Sandbox::start().await;
    for (asked, accepted, lang) in [
        ("", "fi;q=0.5, de-AT", "de-at"),
        ("&lang=fi", "de", "fi"),
        ("&lang=tlh", "tlh", "en"),
        ("&lang=nn-NO", "", "nb"),
    ] {
        let url = format!("/pin-page/frame?key=nobody{asked}");
        let page =
            sandbox.request(Method::GET, &url).header("accept-language", accepted).send().await.unwrap();
        let page = Answer::read(page).await;
        assert_eq!(page.status, 404);
        assert!(page.text.contains(&format!("<html lang=\"{lang}\" dir=\"ltr\">")), "{asked}: {}", page.text);
    }
}
