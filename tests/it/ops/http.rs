//! Requests: where they may go, what they carry along, and what is made of the answers.

use super::runtime;
use super::server::{Asked, Names, Server, answer};
use drillbell::clock::Clock;
use drillbell::config::limits::HTTP_STEP_ANSWER_BYTES;
use drillbell::ops::http::{Call, Client, Failure, Judge, Origin, Origins, Response, is_private};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const PUBLIC: &str = "93.184.215.14:80";

fn origins(public: &[String], private: &[String]) -> Origins {
    let parse = |all: &[String]| all.iter().map(|one| Origin::parse(one).unwrap()).collect();
    Origins { public: parse(public), private: parse(private) }
}

fn call(value: Value) -> Call {
    serde_json::from_value(value).unwrap()
}

async fn send(call: &Call, names: Names, origins: &Origins) -> Result<Response, Failure> {
    let values = [("item".to_owned(), "a/../b?c=d&e#f g%00é".to_owned())].into();
    let secret = |handle: &str| (handle == "token").then(|| SecretString::from("s3same"));
    let prepared = call.prepare(&values, &secret).map_err(|why| Failure { why, sent: false, certificate: false })?;
    let client = Client::new(Arc::new(names), Clock::system());
    client.send(prepared, "job-1", origins, Duration::from_secs(20), &CancellationToken::new()).await
}

fn ok(_: &Asked) -> Option<Vec<u8>> {
    Some(answer(200, &[("x-version", "7")], r#"{"state":"ready","n":3}"#))
}

#[test]
fn values_cannot_leave_their_place_in_a_url() {
    runtime().block_on(async {
        let server = Server::start(ok).await;
        let origin = server.origin("api.example");
        let names = Names::default().with("api.example", &[&[server.address]]);
        let asked = call(json!({
            "method": "POST", "url": format!("{origin}/v1/{{item}}/x?q={{item}}&v={{version}}"),
            "args": {"version": {"value": "1.2.3", "type": "version"}},
            "headers": {"X-Item": "a-{version}", "Authorization": {"secret": "token", "prefix": "Bearer "}},
            "body": {"to": "{version}", "key": {"$secret": "token"}, "n": [1, "{item}"]}
        }));
        let response = send(&asked, names, &origins(&[], &[origin])).await.unwrap();
        assert_eq!((response.status, response.cut), (200, false));
        let asked = server.asked().remove(0);
        assert_eq!(
            asked.line,
            "POST /v1/a%2F..%2Fb%3Fc%3Dd%26e%23f%20g%2500%C3%A9/x?q=a%2F..%2Fb%3Fc%3Dd%26e%23f%20g%2500%C3%A9&v=1.2.3"
        );
        assert_eq!(
            (asked.headers["x-item"].as_str(), asked.headers["authorization"].as_str()),
            ("a-1.2.3", "Bearer s3same")
        );
        assert_eq!(asked.headers["idempotency-key"], "job-1", "a write can be sent again");
        assert_eq!(asked.headers["content-type"], "application/json");
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!(body, json!({"to": "1.2.3", "key": "s3same", "n": [1, "a/../b?c=d&e#f g%00é"]}));
    });
}

#[test]
fn what_would_break_out_of_a_request_is_refused() {
    let values = [("v", "a\r\nX-Evil: 1"), ("dots", ".."), ("empty", ""), ("nul", "a\0b")];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let none = |_: &str| None;
    for (what, expected) in [
        (json!({"url": "https://{dots}/x"}), "places in its path and query only"),
        (json!({"url": "https://user:pw@host/x"}), "no user or password"),
        (json!({"url": "https://host{dots}/x"}), "places in its path and query only"),
        (json!({"url": "file:///etc/passwd"}), "begins with https:// or http://"),
        (json!({"url": "https://host\\@evil/{dots}"}), "dots"),
        (json!({"url": "https://host/a/{dots}/b"}), "dots"),
        (json!({"url": "https://host/{empty}"}), "empty"),
        (json!({"url": "https://host/?q={nul}"}), "control characters"),
        (json!({"url": "https://host/#x"}), "no `#`"),
        (json!({"url": "https://host/", "headers": {"X-A": "{v}"}}), "line break"),
        (json!({"url": "https://host/", "headers": {"Host": "evil"}}), "set by the bot itself"),
        (json!({"url": "https://host/", "headers": {"X A": "b"}}), "no header's name"),
        (json!({"url": "https://host/", "headers": {"X-A": {"secret": "gone"}}}), "no secret `gone`"),
        (json!({"url": "https://host/", "body": {}}), "GET or HEAD request has no body"),
        (json!({"url": "https://host/{other}"}), "nothing is given for the place {other}"),
        (json!({"url": "https://host/{x}", "args": {"x": {"value": "a b", "type": "word"}}}), "`x`: \"a b\" was given"),
    ] {
        let refused = call(what.clone()).prepare(&values, &none).err().unwrap_or_else(|| panic!("{what} was taken"));
        assert!(refused.contains(expected), "{what}: {refused}");
    }
}

#[test]
fn denies_an_origin_that_is_not_granted() {
    let granted = origins(&["https://api.example.org".to_owned(), "https://*.example.net:8443".to_owned()], &[]);
    for url in ["https://api.example.org/x", "https://API.example.org:443/", "https://a.b.example.net:8443/"] {
        assert!(granted.judge(&url.parse().unwrap()).is_ok(), "{url}");
    }
    for url in [
        "http://api.example.org/",
        "https://api.example.org:8443/",
        "https://api.example.org.evil.com/",
        "https://xapi.example.org/",
        "https://example.net:8443/",
        "https://evil-example.net:8443/",
        "https://api.example.org@evil.com/",
    ] {
        let said = granted.judge(&url.parse().unwrap()).unwrap_err();
        assert!(said.contains("is not granted: it needs the grant `http:"), "{url}: {said}");
    }
    for text in [
        "example.org",
        "https://",
        "https://a/b",
        "https://u@a",
        "https://*.com",
        "https://*",
        "ftp://a",
        "https://a?x",
        "https://a.*.b",
        "https://*.1.2.3.4",
    ] {
        assert!(Origin::parse(text).is_err(), "{text}");
    }
}

#[test]
fn denies_every_address_that_is_not_public() {
    for private in [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::1",
        "2001:0:1::1",
        "2001:db8::1",
        "100::1",
    ] {
        assert!(is_private(private.parse::<IpAddr>().unwrap()), "{private}");
    }
    for public in [
        "93.184.215.14",
        "1.1.1.1",
        "172.32.0.1",
        "100.128.0.1",
        "2606:4700::1111",
        "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1",
    ] {
        assert!(!is_private(public.parse::<IpAddr>().unwrap()), "{public}");
    }
}

#[test]
fn denies_a_name_or_number_that_leads_inside_unless_that_is_granted() {
    runtime().block_on(async {
        let server = Server::start(ok).await;
        let public: SocketAddr = PUBLIC.parse().unwrap();
        let port = server.address.port();
        for (host, answers) in [
            ("inside.example", vec![server.address]),
            ("both.example", vec![public, server.address]),
            ("127.0.0.1", vec![]),
            ("2130706433", vec![]),
            ("0x7f.1", vec![]),
            ("[::ffff:127.0.0.1]", vec![]),
            ("localhost", vec![server.address]),
        ] {
            let origin = format!("http://{host}:{port}");
            let names = || Names::default().with(host, &[&answers]);
            let get = call(json!({"url": format!("{origin}/")}));
            let refused = send(&get, names(), &origins(std::slice::from_ref(&origin), &[])).await.unwrap_err();
            assert!(
                refused.why.contains("is at a private address: that needs the grant `http-private:"),
                "{}",
                refused.why
            );
            assert!(!refused.sent);
        }
        assert!(server.asked().is_empty(), "nothing was even connected to");
        let origin = server.origin("inside.example");
        let names = Names::default().with("inside.example", &[&[server.address]]);
        assert!(send(&call(json!({"url": origin})), names, &origins(&[], std::slice::from_ref(&origin))).await.is_ok());
    });
}

#[test]
fn the_connection_goes_to_the_address_that_was_checked() {
    runtime().block_on(async {
        let server = Server::start(ok).await;
        let origin = server.origin("rebind.example");
        // A second look at the name would lead elsewhere; there is none.
        let elsewhere: SocketAddr = "192.0.2.1:9".parse().unwrap();
        let names = Arc::new(Names::default().with("rebind.example", &[&[server.address], &[elsewhere]]));
        let client = Client::new(names.clone(), Clock::system());
        let prepared = call(json!({"url": origin})).prepare(&Default::default(), &|_| None).unwrap();
        let granted = origins(&[], std::slice::from_ref(&origin));
        client.send(prepared, "k", &granted, Duration::from_secs(20), &CancellationToken::new()).await.unwrap();
        assert_eq!(*names.lookups.lock().unwrap(), ["rebind.example"]);
        assert_eq!(server.asked()[0].headers["host"], format!("rebind.example:{}", server.address.port()));
    });
}

#[test]
fn every_redirect_is_looked_at_as_if_it_were_the_first() {
    runtime().block_on(async {
        let target = Server::start(ok).await;
        let to = target.address.port();
        let server = Server::start(move |asked| {
            let location = match asked.line.split_once(' ').unwrap().1 {
                "/elsewhere" => format!("http://elsewhere.example:{to}/x"),
                "/inside" => format!("http://127.0.0.1:{to}/x"),
                "/file" => "file:///etc/passwd".to_owned(),
                "/user" => format!("http://a:b@elsewhere.example:{to}/x"),
                "/loop" => "/loop".to_owned(),
                "/here" => "/there?x=1".to_owned(),
                _ => return ok(asked),
            };
            let status = if asked.line.starts_with("PUT") { 307 } else { 302 };
            Some(answer(status, &[("location", &location)], ""))
        })
        .await;
        let (first, second) = (server.origin("first.example"), target.origin("elsewhere.example"));
        let names = || {
            Names::default().with("first.example", &[&[server.address]]).with("elsewhere.example", &[&[target.address]])
        };
        let ask = |method: &str, path: &str| {
            let mut value = json!({"method": method, "url": format!("{first}{path}"), "headers": {
                "Authorization": {"secret": "token"}, "Cookie": "a=b", "X-Plain": "yes", "X-Key": {"secret": "token"}
            }});
            if method != "GET" {
                value["body"] = json!({"a": 1});
            }
            call(value)
        };
        let all = origins(&[], &[first.clone(), second.clone()]);
        let narrow = origins(&[], std::slice::from_ref(&first));

        send(&ask("GET", "/elsewhere"), names(), &all).await.unwrap();
        let seen = target.asked().remove(0);
        assert_eq!(seen.headers.get("x-plain").map(String::as_str), Some("yes"));
        for credential in ["authorization", "cookie", "x-key"] {
            assert!(!seen.headers.contains_key(credential), "{credential} stays with its origin");
        }
        send(&ask("GET", "/here"), names(), &narrow).await.unwrap();
        let seen = server.asked().pop().unwrap();
        assert_eq!((seen.line.as_str(), seen.headers["authorization"].as_str()), ("GET /there?x=1", "s3same"));
        send(&ask("POST", "/elsewhere"), names(), &all).await.unwrap();
        assert_eq!(target.asked().pop().unwrap().line, "GET /x", "as browsers do after 302");
        send(&ask("PUT", "/elsewhere"), names(), &all).await.unwrap();
        let seen = target.asked().pop().unwrap();
        assert_eq!((seen.line.as_str(), seen.body.as_str()), ("PUT /x", "{\"a\":1}"));

        for (method, path, expected) in [
            ("GET", "/elsewhere", "it was redirected where it may not go: http://elsewhere.example"),
            ("GET", "/inside", "it was redirected where it may not go: http://127.0.0.1"),
            ("GET", "/file", "it was redirected where it may not go"),
            ("GET", "/user", "a user or password in it"),
            ("GET", "/loop", "more than 5 redirects"),
        ] {
            let refused = send(&ask(method, path), names(), &narrow).await.unwrap_err();
            assert!(refused.why.contains(expected) && !refused.why.contains("s3same"), "{path}: {}", refused.why);
        }
        let mut secret = ask("PUT", "/elsewhere");
        secret.body = Some(json!({"key": {"$secret": "token"}}));
        let refused = send(&secret, names(), &all).await.unwrap_err();
        assert!(refused.why.contains("with a secret in its body") && refused.sent, "{}", refused.why);
    });
}

#[test]
fn an_answer_is_bounded_in_bytes_and_time() {
    runtime().block_on(async {
        let server = Server::start(|asked| match asked.line.as_str() {
            "GET /big" => Some(answer(200, &[], &"x".repeat(HTTP_STEP_ANSWER_BYTES + 5))),
            "POST /hangs" => None,
            "GET /closes" | "POST /closes" => Some(Vec::new()),
            _ => Some(b"HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\nonly this".to_vec()),
        })
        .await;
        let origin = server.origin("api.example");
        let names = || Names::default().with("api.example", &[&[server.address]]);
        let granted = origins(&[], std::slice::from_ref(&origin));
        let at = |method: &str, path: &str| call(json!({"method": method, "url": format!("{origin}{path}")}));
        let big = send(&at("GET", "/big"), names(), &granted).await.unwrap();
        assert_eq!((big.body.len(), big.cut), (HTTP_STEP_ANSWER_BYTES, true));
        for (method, path, sent) in [("GET", "/closes", false), ("POST", "/closes", true), ("POST", "/short", true)] {
            let failure = send(&at(method, path), names(), &granted).await.unwrap_err();
            assert_eq!(failure.sent, sent, "{method} {path}: {}", failure.why);
        }
        let prepared = at("POST", "/hangs").prepare(&Default::default(), &|_| None).unwrap();
        let client = Client::new(Arc::new(names()), Clock::system());
        let late = client.send(prepared, "k", &granted, Duration::from_millis(300), &CancellationToken::new()).await;
        assert_eq!(
            late.unwrap_err(),
            Failure { why: "no answer within 300ms".to_owned(), sent: true, certificate: false }
        );
        let nobody = Names::default().with("api.example", &[&["127.0.0.1:1".parse().unwrap()]]);
        let refused = origins(&[], &["http://api.example:1".to_owned()]);
        let failure = send(&call(json!({"method": "POST", "url": "http://api.example:1/"})), nobody, &refused).await;
        let failure = failure.unwrap_err();
        assert!(failure.why.contains("cannot be reached") && !failure.sent, "{failure:?}");
    });
}
