//! What is beyond its retention goes, the oldest first, and nothing else does.

#[path = "support/mod.rs"]
mod support;

use serde_json::json;
use support::otlp::{root, trace_id, with_attribute};
use support::{Server, bytes_in, wait_until};

fn ids(traces: impl IntoIterator<Item = u128>) -> Vec<String> {
    traces.into_iter().map(trace_id).collect()
}

/// Letters in no order: nothing makes them small.
fn noise(length: usize) -> String {
    let mut state = length as u64;
    let letter = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + (state >> 33 & 0x3f) as u8)
    };
    std::iter::repeat_with(letter).take(length).collect()
}

#[test]
fn the_oldest_traces_of_an_experiment_go_beyond_its_own_limit() {
    let server = Server::start(&["--seal-after", "1ms", "--quiet-ms", "0"]);
    for trace in 1..=5 {
        server.ingest(&[root(trace, "kept for a while")]);
    }
    let tag = json!({"experiment_id": "0", "key": "fanlight.retention_traces", "value": "2"});
    let reply = server.post_json("/api/2.0/mlflow/experiments/set-experiment-tag", &tag);
    assert_eq!(reply.status, 200, "{}", reply.text());

    let stopped = server.stop();
    let told = stopped.run("retention", &[]);
    assert!(told.starts_with("Default: 3 traces (about "), "{told}");
    assert!(told.ends_with("iB) beyond 2 traces\n"), "{told}");
    let server = stopped.start(&[]);
    assert_eq!(server.search_ids("").len(), 5, "looking deletes nothing");

    let stopped = server.stop();
    assert!(
        stopped
            .run("retention", &["--delete"])
            .ends_with("deleted 3 traces\n")
    );
    let server = stopped.start(&[]);
    assert_eq!(server.search_ids(""), ids([5, 4]));
    let stopped = server.stop();
    assert_eq!(
        stopped.run("retention", &[]),
        "nothing is beyond its retention\n"
    );
}

#[test]
fn traces_go_by_age_unless_their_experiment_keeps_them() {
    let server = Server::start(&[]);
    // From the beginning of 2026: older than a day.
    server.ingest(&[root(1, "old"), root(2, "old")]);
    let stopped = server.stop();
    let told = stopped.run("retention", &["--retention-days", "1"]);
    assert!(told.starts_with("Default: 2 traces (about "), "{told}");
    assert!(told.ends_with("iB) beyond 1 days\n"), "{told}");
    let server = stopped.start(&[]);
    let tag = json!({"experiment_id": "0", "key": "fanlight.retention_days", "value": "0"});
    server.post_json("/api/2.0/mlflow/experiments/set-experiment-tag", &tag);
    let stopped = server.stop();
    let flags = ["--retention-days", "1", "--delete"];
    assert_eq!(stopped.run("retention", &flags), "deleted 0 traces\n");
    let server = stopped.start(&[]);
    assert_eq!(server.search_ids(""), ids([2, 1]));
}

#[test]
fn traces_go_when_they_take_too_much_of_the_disk() {
    let server = Server::start(&["--seal-after", "1ms", "--quiet-ms", "0"]);
    for trace in 1..=5 {
        let seals = server.seals();
        let noise = noise(50_000 + usize::try_from(trace).unwrap());
        server.ingest(&[with_attribute(
            root(trace, "large"),
            "mlflow.spanInputs",
            noise.as_str(),
        )]);
        wait_until("sealed", || server.seals() > seals);
    }
    let data_dir = server.data_dir();
    let stopped = server.stop();
    let half = (bytes_in(&data_dir.join("segments")) / 2).to_string();

    let told = stopped.run("retention", &["--retention-bytes", &half]);
    assert!(told.starts_with("Default: 3 traces (about "), "{told}");
    let told = stopped.run("retention", &["--retention-total-bytes", &half]);
    let expected = "all experiments together: 3 traces (about ";
    assert!(told.starts_with(expected), "{told}");
    let told = stopped.run("retention", &["--retention-bytes", "1GiB"]);
    assert_eq!(told, "nothing is beyond its retention\n");

    // What an experiment says of itself counts more.
    let server = stopped.start(&[]);
    let tag = json!({"experiment_id": "0", "key": "fanlight.retention_bytes", "value": half});
    let reply = server.post_json("/api/2.0/mlflow/experiments/set-experiment-tag", &tag);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let stopped = server.stop();
    let flags = ["--retention-bytes", "1GiB", "--delete"];
    let told = stopped.run("retention", &flags);
    assert!(told.ends_with("deleted 3 traces\n"), "{told}");
    let server = stopped.start(&[]);
    assert_eq!(server.search_ids(""), ids([5, 4]));
}

#[test]
fn a_running_server_deletes_again_and_again() {
    let server = Server::start(&["--retention-traces", "2", "--retention-every", "1s"]);
    for trace in 1..=3 {
        server.ingest(&[root(trace, "kept for a while")]);
    }
    wait_until("the oldest is gone", || server.search_ids("").len() == 2);
    assert_eq!(server.search_ids(""), ids([3, 2]));
    // Not only once, and not only what was there at the start.
    server.ingest(&[root(4, "new"), root(5, "new")]);
    wait_until("the oldest are gone", || server.search_ids("").len() == 2);
    assert_eq!(server.search_ids(""), ids([5, 4]));
    assert!(
        server.log().contains("beyond what is kept"),
        "{}",
        server.log()
    );
    server.assert_well();
}

#[test]
fn a_running_server_waits_before_it_deletes() {
    let server = Server::start(&["--retention-traces", "1"]);
    server.ingest(&[root(1, "spared"), root(2, "new")]);
    // By default for two minutes: time to undo a wrong setting.
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(server.search_ids("").len(), 2);
}

#[test]
fn what_was_deleted_leaves_the_disk_when_everything_is_compacted() {
    let server = Server::start(&["--seal-after", "1ms", "--quiet-ms", "0"]);
    let noise = noise(200_000);
    server.ingest(&[
        root(1, "kept"),
        with_attribute(root(2, "gone"), "mlflow.spanInputs", noise.as_str()),
        with_attribute(root(3, "kept"), "note", "stays readable"),
    ]);
    wait_until("sealed", || server.seals() > 0);
    let delete = json!({"experiment_id": "0", "request_ids": [trace_id(2)]});
    let deleted = server.post_json("/api/2.0/mlflow/traces/delete-traces", &delete);
    assert_eq!(deleted.json()["traces_deleted"], 1, "{}", deleted.text());
    let data_dir = server.data_dir();
    let stopped = server.stop();
    assert!(bytes_in(&data_dir.join("segments")) > 100_000);

    stopped.run("compact", &[]);
    assert!(bytes_in(&data_dir.join("segments")) < 100_000);
    let server = stopped.start(&[]);
    assert_eq!(server.search_ids(""), ids([3, 1]));
    assert_eq!(
        server.search_ids("trace.text LIKE '%stays readable%'"),
        ids([3])
    );
    assert_eq!(server.span_names(&trace_id(1)), ["kept"]);
}
