//! Reads of traces by their ids.

use crate::support::otlp::trace_id;
use crate::{INVALID, Seeded, UNKNOWN};

#[test]
fn reads_by_id_refuse_what_is_no_request() {
    let seeded = Seeded::start(&[]);
    let traces = "/api/3.0/mlflow/traces";
    let missing = "missing value for required parameter `trace_id`";
    seeded.refuses_get(&format!("{traces}/get"), (400, INVALID, missing));
    seeded.refuses_get(&format!("{traces}/get?trace_id="), (400, INVALID, missing));
    let flag = "invalid value \"maybe\" for parameter `allow_partial`: expected true or false";
    seeded.refuses_get(
        &format!("{traces}/get?trace_id=tr-1&allow_partial=maybe"),
        (400, INVALID, flag),
    );
    let ids = "missing value for required parameter `trace_ids`";
    seeded.refuses_get(&format!("{traces}/batchGet"), (400, INVALID, ids));
    let many = vec!["trace_ids=a"; 1001].join("&");
    let limit = "1001 values for parameter `trace_ids`; the limit is 1000";
    seeded.refuses_get(&format!("{traces}/batchGet?{many}"), (400, INVALID, limit));
    let experiment =
        "invalid value \"x\" for parameter `experiment_ids`: an experiment id must be an integer";
    let id = trace_id(1);
    seeded.refuses_get(
        &format!("{traces}/batchGet?trace_ids={id}&experiment_ids=x"),
        (400, INVALID, experiment),
    );
    seeded.refuses(
        "POST",
        &format!("{traces}/batchGetInfos"),
        r#"{"trace_ids":[1]}"#,
        (
            400,
            INVALID,
            "invalid value 1 for parameter `trace_ids`: expected a list of strings",
        ),
    );
    let artifact = "/ajax-api/3.0/mlflow/get-trace-artifact";
    seeded.refuses_get(
        artifact,
        (
            400,
            "BAD_REQUEST",
            "missing value for required parameter `request_id`",
        ),
    );
    for (path, shown) in [
        ("tr-unknown", "tr-unknown".to_owned()),
        (
            "tr-00000000000000000000000000000000",
            "tr-00000000000000000000000000000000".to_owned(),
        ),
        ("%0d%0aset-cookie:%20a=b", "\r\nset-cookie: a=b".to_owned()),
        ("%00", "\u{0}".to_owned()),
        ("'%20OR%201=1%20--", "' OR 1=1 --".to_owned()),
        (&"a".repeat(5000), "a".repeat(64)),
    ] {
        let message = format!("trace `{shown}` does not exist");
        seeded.refuses_get(&format!("{traces}/{path}"), (404, UNKNOWN, &message));
        seeded.refuses_get(
            &format!("{traces}/get?trace_id={path}"),
            (404, UNKNOWN, &message),
        );
        seeded.refuses_get(
            &format!("/api/2.0/mlflow/traces/{path}/info"),
            (404, UNKNOWN, &message),
        );
        seeded.refuses_get(
            &format!("{artifact}?request_id={path}"),
            (404, UNKNOWN, &message),
        );
        let nothing = seeded
            .server
            .get(&format!("{traces}/batchGet?trace_ids={path}"));
        assert_eq!((nothing.status, nothing.text().as_str()), (200, "{}"));
    }
    seeded.assert_unharmed();
}
