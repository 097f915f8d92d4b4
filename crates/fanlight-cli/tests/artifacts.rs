//! Files of traces come and go with their traces.

mod support;

use serde_json::json;
use support::Server;
use support::otlp::{BASE, root, trace_id};

fn attachment(server: &Server, experiment: &str, trace: u128) -> String {
    let path = format!(
        "/api/2.0/mlflow-artifacts/artifacts/{experiment}/traces/{}/artifacts/attachments/a",
        trace_id(trace)
    );
    assert_eq!(server.call("PUT", &path, &[], b"bytes").status, 200);
    assert_eq!(server.get(&path).body, b"bytes");
    path
}

#[test]
fn deleting_traces_by_id_or_by_age_deletes_their_files() {
    let server = Server::start(&[]);
    server.ingest(&[root(1, "by id"), root(2, "by age"), root(3, "other")]);
    let found = server.search("");
    let experiment = found[0]["trace_location"]["mlflow_experiment"]["experiment_id"]
        .as_str()
        .unwrap();
    let files = [1, 2, 3].map(|trace| attachment(&server, experiment, trace));

    let delete = |which: serde_json::Value| {
        let mut request = json!({"experiment_id": experiment});
        request
            .as_object_mut()
            .unwrap()
            .extend(which.as_object().unwrap().clone());
        server
            .post_json("/api/3.0/mlflow/traces/delete-traces", &request)
            .json()
    };
    assert_eq!(
        delete(json!({"request_ids": [trace_id(1)]})),
        json!({"traces_deleted": 1})
    );
    assert_eq!(server.get(&files[0]).status, 404);
    assert_eq!(server.get(&files[1]).status, 200);

    let until = BASE / 1_000_000 + 1_000;
    assert_eq!(
        delete(json!({"max_timestamp_millis": until})),
        json!({"traces_deleted": 2})
    );
    assert_eq!(
        [server.get(&files[1]).status, server.get(&files[2]).status],
        [404, 404]
    );
    server.assert_well();
}
