//! Names that would mean something elsewhere mean nothing here: they come back exactly as they went in.

use serde_json::json;

use crate::Seeded;
use crate::support::Server;
use crate::support::otlp::{root, trace_id, with_attribute};

const NAMES: [&str; 8] = [
    "Robert'); DROP TABLE experiments; --",
    "\" OR \"\"=\"",
    "a\r\nset-cookie: b=c",
    "<script>alert(1)</script>",
    "%00%2e%2e%2f",
    "nul\u{0}byte",
    "\u{202e}desrever \u{1f980}",
    "${jndi:ldap://x} {{7*7}} $(id) `id`",
];

#[test]
fn hostile_names_are_only_names() {
    let server = Server::start(&[]);
    for (trace, name) in (1_u128..).zip(NAMES) {
        let created =
            server.post_json("/api/2.0/mlflow/experiments/create", &json!({"name": name}));
        assert_eq!(created.status, 200, "{name}: {}", created.text());
        let id = created.json()["experiment_id"].as_str().unwrap().to_owned();
        let read = server.get(&format!(
            "/api/2.0/mlflow/experiments/get?experiment_id={id}"
        ));
        assert_eq!(read.json()["experiment"]["name"], name);

        server.ingest(&[with_attribute(root(trace, name), "note", name)]);
        let tag = json!({"key": "note", "value": name});
        assert_eq!(
            server
                .send_json(
                    "PATCH",
                    &format!("/api/3.0/mlflow/traces/{}/tags", trace_id(trace)),
                    &tag.to_string()
                )
                .status,
            200
        );
        let info = server
            .get(&format!("/api/3.0/mlflow/traces/{}", trace_id(trace)))
            .json();
        assert_eq!(info["trace"]["trace_info"]["tags"]["note"], name);
        assert_eq!(server.span_names(&trace_id(trace)), [name]);
        if !name.contains('\'') {
            assert_eq!(
                server.search_ids(&format!("span.name = '{name}' AND tags.note = '{name}'")),
                [trace_id(trace)]
            );
            assert_eq!(
                server.search_ids(&format!("span.attributes.note = '{name}'")),
                [trace_id(trace)]
            );
        }
    }
    // And once more from the disk.
    let server = server.kill().start(&["--seal-after", "1ms"]);
    crate::support::wait_until("the traces are sealed", || server.segments() > 0);
    for (trace, name) in (1_u128..).zip(NAMES) {
        assert_eq!(server.span_names(&trace_id(trace)), [name]);
    }
    assert_eq!(server.search_ids("").len(), NAMES.len());
    server.assert_well();
}

#[test]
fn artifact_paths_stay_in_their_folder() {
    let seeded = Seeded::start(&[]);
    let artifacts = "/api/2.0/mlflow-artifacts/artifacts";
    let out = "it leads out of its folder";
    let letter = "it has a character that is not allowed in a file name";
    let long = "n".repeat(256);
    for (path, shown, why) in [
        ("0/../../catalog.sqlite", "0/../../catalog.sqlite", out),
        ("%2e%2e/catalog.sqlite", "../catalog.sqlite", out),
        ("0/%2e%2e%2fx", "0/../x", out),
        ("0/%252e%252e/x", "0/%2e%2e/x", out),
        ("0/..%5cx", "0/..\\x", letter),
        ("./x", "./x", out),
        ("c:/windows", "c:/windows", letter),
        ("a%00b", "a\u{0}b", letter),
        ("a%0d%0ab", "a\r\nb", letter),
        (&long, &long[..100], "a name in it is too long"),
    ] {
        let message = format!("invalid value \"{shown}\" for parameter `path`: {why}");
        for method in ["PUT", "DELETE"] {
            seeded.refuses(
                method,
                &format!("{artifacts}/{path}"),
                "x",
                (400, crate::INVALID, &message),
            );
        }
        seeded.refuses_get(
            &format!("{artifacts}/{path}"),
            (400, crate::INVALID, &message),
        );
        if !path.starts_with('n') {
            seeded.refuses_get(
                &format!("{artifacts}?path={path}"),
                (400, crate::INVALID, &message),
            );
        }
        let attachment = format!(
            "/ajax-api/3.0/mlflow/get-trace-artifact?request_id={}&path={path}",
            trace_id(1)
        );
        assert_eq!(seeded.server.get(&attachment).status, 400, "{path}");
    }
    let none = "there is no such file";
    seeded.refuses_get(
        &format!("{artifacts}/0/none.txt"),
        (404, crate::UNKNOWN, none),
    );
    seeded.refuses_get(
        &format!("{artifacts}//etc/passwd"),
        (404, crate::UNKNOWN, none),
    );
    seeded.refuses(
        "DELETE",
        &format!("{artifacts}/0/none.txt"),
        "",
        (404, crate::UNKNOWN, none),
    );
    assert_eq!(
        seeded.server.get(artifacts).text(),
        "{}",
        "nothing was written"
    );
    assert!(seeded.server.data_dir().join("catalog.sqlite").exists());

    // A page that somebody uploads is never shown as one.
    let page = seeded.server.call(
        "PUT",
        &format!("{artifacts}/0/a.html"),
        &[("content-type", "text/html")],
        b"<script>",
    );
    assert_eq!(
        (page.status, page.header("content-length")),
        (200, Some("0"))
    );
    let page = seeded.server.get(&format!("{artifacts}/0/a.html"));
    assert_eq!(
        page.header("content-type"),
        Some("application/octet-stream")
    );
    assert_eq!(
        page.header("content-disposition"),
        Some("attachment; filename=a.html")
    );
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let inside = seeded
        .server
        .call("PUT", &format!("{artifacts}/0/a.html/b"), &[], b"x");
    let both = "a directory and a file cannot have the same path";
    crate::assert_refusal(
        &inside,
        (400, crate::INVALID, both),
        "a file as a directory",
    );
    seeded.assert_unharmed();
}
