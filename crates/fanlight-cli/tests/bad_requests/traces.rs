//! Writing to traces: info, tags, assessments, links, deletes.

use serde_json::{Value as Json, json};

use crate::support::location;
use crate::support::otlp::trace_id;
use crate::{INVALID, Seeded, UNKNOWN};

const TRACES: &str = "/api/3.0/mlflow/traces";

fn missing(parameter: &str) -> String {
    format!("missing value for required parameter `{parameter}`")
}

#[test]
fn trace_info_that_is_wrong_is_refused_member_by_member() {
    let seeded = Seeded::start(&[]);
    let with = |name: &str, value: Json| {
        let mut info = json!({"trace_id": trace_id(1), "trace_location": location("0")});
        info[name] = value;
        json!({"trace": {"trace_info": info}}).to_string()
    };
    let at = "trace.trace_info";
    let wrong = |value: &str, name: &str, why: &str| {
        format!("invalid value {value} for parameter `{name}`: expected {why}")
    };
    for (body, status, message) in [
        ("{}".to_owned(), 400, missing("trace")),
        (r#"{"trace":{}}"#.to_owned(), 400, missing("trace.trace_info")),
        (r#"{"trace":[]}"#.to_owned(), 400, wrong("[]", "trace", "an object")),
        (r#"{"trace":{"trace_info":{}}}"#.to_owned(), 400, missing(&format!("{at}.trace_id"))),
        (with("trace_id", json!("")), 400, missing(&format!("{at}.trace_id"))),
        (with("trace_id", json!(7)), 400, wrong("7", &format!("{at}.trace_id"), "a string")),
        (with("trace_id", json!("x".repeat(51))), 400, "parameter `trace_id` has 51 characters; the limit is 50".to_owned()),
        (with("trace_location", json!(null)), 400, missing(&format!("{at}.trace_location"))),
        (
            with("trace_location", json!({"type": "INFERENCE_TABLE"})),
            400,
            wrong("\"INFERENCE_TABLE\"", "trace_location.type", "MLFLOW_EXPERIMENT"),
        ),
        (
            with("trace_location", json!({"type": "MLFLOW_EXPERIMENT"})),
            400,
            "parameter `trace_location` is of type MLFLOW_EXPERIMENT and has no `mlflow_experiment`".to_owned(),
        ),
        (with("trace_location", location("99")), 404, "experiment 99 does not exist".to_owned()),
        (with("trace_location", location("18446744073709551615")), 404, "experiment 18446744073709551615 does not exist".to_owned()),
        (with("request_time", json!("noon")), 400, wrong("\"noon\"", "request_time", "a time such as 2026-01-01T00:00:00Z")),
        (with("request_time", json!("9999999-01-01T00:00:00Z")), 400, wrong("\"9999999-01-01T00:00:00Z\"", "request_time", "a time such as 2026-01-01T00:00:00Z")),
        (with("request_time", json!(5)), 400, wrong("5", &format!("{at}.request_time"), "a string")),
        (with("execution_duration", json!("NaNs")), 400, wrong("\"NaNs\"", "execution_duration", "seconds such as 1.5s")),
        (with("execution_duration", json!("-1s")), 400, wrong("\"-1s\"", "execution_duration", "seconds such as 1.5s")),
        (with("execution_duration", json!("99999999999999999999999s")), 400, wrong("\"99999999999999999999999s\"", "execution_duration", "seconds such as 1.5s")),
        (with("tags", json!([1])), 400, wrong("[1]", &format!("{at}.tags"), "an object")),
        (with("tags", json!({"a": 1})), 400, wrong("1", &format!("{at}.tags.a"), "a string")),
        (with("trace_metadata", json!({"a": {"b": "c"}})), 400, wrong(r#"{"b":"c"}"#, &format!("{at}.trace_metadata.a"), "a string")),
        (
            with("trace_metadata", json!({"mlflow.trace.session": "s".repeat(251)})),
            400,
            "metadata `mlflow.trace.session` has 251 characters; the limit is 250".to_owned(),
        ),
        (with("assessments", json!([{}])), 400, "parameter `assessment` needs one of `feedback`, `expectation` and `issue`".to_owned()),
        (with("traceId", json!("tr-2")), 400, format!("parameter `{at}.trace_id` is given twice, also as `traceId`")),
    ] {
        let code = if status == 404 { UNKNOWN } else { INVALID };
        seeded.refuses("POST", TRACES, &body, (status, code, &message));
    }
    seeded.assert_unharmed();
}

#[test]
#[expect(clippy::too_many_lines, reason = "one long table")]
fn tags_that_cannot_be_are_refused() {
    let seeded = Seeded::start(&[]);
    let id = trace_id(1);
    let unknown = format!("trace `tr-{:032x}` does not exist", 9);
    let not_a_path = "it must not look like a path out of a folder";
    let not_allowed = |letter: &str| {
        format!(
            "character {letter} is not allowed; letters, digits, `_`, `-`, `.`, space, `:` and `/` are"
        )
    };
    let invalid_key =
        |key: &str, why: &str| format!("invalid value \"{key}\" for parameter `key`: {why}");
    let server_owned =
        "tag `mlflow.trace.spansLocation` is set by the server and cannot be changed";
    for version in ["2.0", "3.0"] {
        let tags = format!("/api/{version}/mlflow/traces/{id}/tags");
        for (body, message) in [
            (json!({}), missing("key")),
            (json!({"key": "", "value": "x"}), missing("key")),
            (
                json!({"key": 7, "value": "x"}),
                "invalid value 7 for parameter `key`: expected a string".to_owned(),
            ),
            (
                json!({"key": "k", "value": 7}),
                "invalid value 7 for parameter `value`: expected a string".to_owned(),
            ),
            (
                json!({"key": "k", "value": ["x"]}),
                "invalid value [\"x\"] for parameter `value`: expected a string".to_owned(),
            ),
            (
                json!({"key": "k".repeat(251)}),
                "parameter `key` has 251 characters; the limit is 250".to_owned(),
            ),
            (json!({"key": "../k"}), invalid_key("../k", not_a_path)),
            (
                json!({"key": "/etc/passwd"}),
                invalid_key("/etc/passwd", not_a_path),
            ),
            (
                json!({"key": "a\r\nb"}),
                invalid_key("a\r\nb", &not_allowed("'\\r'")),
            ),
            (
                json!({"key": "a\u{0}"}),
                invalid_key("a\u{0}", &not_allowed("'\\0'")),
            ),
            (
                json!({"key": "k'; DROP TABLE tags --"}),
                invalid_key("k'; DROP TABLE tags --", &not_allowed("'\\''")),
            ),
            (
                json!({"key": "mlflow.trace.spansLocation", "value": "x"}),
                server_owned.to_owned(),
            ),
        ] {
            seeded.refuses("PATCH", &tags, &body.to_string(), (400, INVALID, &message));
        }
        for (body, status, message) in [
            (json!({}), 400, missing("key")),
            (
                json!({"key": "absent"}),
                404,
                format!("trace `tr-{:032x}` has no tag `absent`", 1),
            ),
            (
                json!({"key": "mlflow.trace.spansLocation"}),
                400,
                server_owned.to_owned(),
            ),
        ] {
            let code = if status == 404 { UNKNOWN } else { INVALID };
            seeded.refuses("DELETE", &tags, &body.to_string(), (status, code, &message));
            // The key is read from the body alone.
            seeded.refuses(
                "DELETE",
                &format!("{tags}?key=k"),
                &body.to_string(),
                (status, code, &message),
            );
        }
        let elsewhere = format!("/api/{version}/mlflow/traces/{}/tags", trace_id(9));
        seeded.refuses(
            "PATCH",
            &elsewhere,
            r#"{"key":"k","value":"v"}"#,
            (404, UNKNOWN, &unknown),
        );
        seeded.refuses(
            "DELETE",
            &elsewhere,
            r#"{"key":"k"}"#,
            (404, UNKNOWN, &unknown),
        );
        let untyped = seeded.server.call("DELETE", &tags, &[], br#"{"key":"k"}"#);
        let message = "invalid content type \"\": expected application/json";
        crate::assert_refusal(
            &untyped,
            (400, INVALID, message),
            "DELETE without content type",
        );
    }
    seeded.assert_unharmed();
}

#[test]
fn a_delete_that_is_not_exact_deletes_nothing() {
    let seeded = Seeded::start(&[]);
    let id = trace_id(1);
    let one =
        "exactly one of the parameters `request_ids` and `max_timestamp_millis` has to be given";
    let positive = "parameter `max_traces` has to be a positive integer";
    for version in ["2.0", "3.0"] {
        let path = format!("/api/{version}/mlflow/traces/delete-traces");
        for (body, message) in [
            (json!({}), missing("experiment_id")),
            (json!({"experiment_id": 0}), "invalid value 0 for parameter `experiment_id`: expected a string".to_owned()),
            (json!({"experiment_id": "x"}), "invalid value \"x\" for parameter `experiment_id`: an experiment id must be an integer".to_owned()),
            (json!({"experiment_id": "0"}), one.to_owned()),
            (json!({"experiment_id": "0", "request_ids": []}), one.to_owned()),
            (json!({"experiment_id": "0", "request_ids": [id], "max_timestamp_millis": 1}), one.to_owned()),
            (json!({"experiment_id": "0", "max_traces": 1}), one.to_owned()),
            (
                json!({"experiment_id": "0", "request_ids": [id], "max_traces": 1}),
                "parameter `max_traces` cannot be given together with `request_ids`".to_owned(),
            ),
            (json!({"experiment_id": "0", "max_timestamp_millis": "9999999999999", "max_traces": 0}), positive.to_owned()),
            (json!({"experiment_id": "0", "max_timestamp_millis": "9999999999999", "max_traces": -1}), positive.to_owned()),
            (
                json!({"experiment_id": "0", "max_timestamp_millis": -1}),
                "invalid value -1 for parameter `max_timestamp_millis`: expected an integer of at least 0".to_owned(),
            ),
            (
                json!({"experiment_id": "0", "max_timestamp_millis": "tomorrow"}),
                "invalid value \"tomorrow\" for parameter `max_timestamp_millis`: expected an integer".to_owned(),
            ),
            (
                json!({"experiment_id": "0", "max_timestamp_millis": 1e30}),
                "invalid value 1e+30 for parameter `max_timestamp_millis`: expected an integer".to_owned(),
            ),
            (json!({"experiment_id": "0", "request_ids": id}), format!("invalid value \"{id}\" for parameter `request_ids`: expected a list")),
        ] {
            seeded.refuses("POST", &path, &body.to_string(), (400, INVALID, &message));
        }
        for harmless in [
            json!({"experiment_id": "7", "request_ids": [id]}),
            json!({"experiment_id": "18446744073709551615", "max_timestamp_millis": "9223372036854775807"}),
            json!({"experiment_id": "0", "request_ids": ["tr-unknown", "%", "' OR 1=1 --"]}),
            json!({"experiment_id": "0", "max_timestamp_millis": 0}),
        ] {
            let reply = seeded.server.post_json(&path, &harmless);
            assert_eq!(
                (reply.status, reply.json()),
                (200, json!({"traces_deleted": 0})),
                "{harmless}"
            );
        }
    }
    seeded.assert_unharmed();
}

#[test]
fn assessments_that_are_none_are_refused() {
    let seeded = Seeded::start(&[]);
    let path = format!("{TRACES}/{}/assessments", trace_id(1));
    let serialized = |format: &str, value: &str| json!({"assessment": {"expectation": {"serialized_value": {"serialization_format": format, "value": value}}}});
    let none = "parameter `assessment` needs one of `feedback`, `expectation` and `issue`";
    for (body, message) in [
        (json!({}), missing("assessment").as_str().to_owned()),
        (
            json!({"assessment": "good"}),
            "invalid value \"good\" for parameter `assessment`: expected an object".to_owned(),
        ),
        (
            json!({"assessment": {"assessment_name": "x"}}),
            none.to_owned(),
        ),
        (
            json!({"assessment": {"feedback": {"value": 1}, "expectation": {"value": 1}}}),
            "an assessment has either `feedback` or `expectation`, not both".to_owned(),
        ),
        (
            json!({"assessment": {"feedback": true}}),
            "invalid value true for parameter `assessment.feedback`: expected an object".to_owned(),
        ),
        (
            json!({"assessment": {"expectation": {"value": null}}}),
            missing("assessment.expectation.value"),
        ),
        (
            serialized("YAML", "1"),
            "invalid value \"YAML\" for parameter `serialization_format`: expected JSON_FORMAT"
                .to_owned(),
        ),
        (
            serialized("JSON_FORMAT", "{"),
            "parameter `serialized_value.value` is not a JSON document".to_owned(),
        ),
        (
            json!({"assessment": {"feedback": {"value": 1}, "metadata": {"n": 1}}}),
            "invalid value 1 for parameter `assessment.metadata.n`: expected a string".to_owned(),
        ),
        (
            json!({"assessment": {"feedback": {"value": 1}, "source": "me"}}),
            "invalid value \"me\" for parameter `assessment.source`: expected an object".to_owned(),
        ),
    ] {
        seeded.refuses("POST", &path, &body.to_string(), (400, INVALID, &message));
    }
    let feedback = json!({"feedback": {"value": 1}});
    let overriding =
        json!({"assessment": {"feedback": {"value": 1}, "overrides": "a-none"}}).to_string();
    let no_target = format!("trace `tr-{:032x}` has no assessment `a-none`", 1);
    seeded.refuses("POST", &path, &overriding, (404, UNKNOWN, &no_target));
    let again =
        json!({"assessment": {"assessment_id": "a-seed", "feedback": {"value": 1}}}).to_string();
    let exists = format!("trace `tr-{:032x}` has an assessment `a-seed` already", 1);
    seeded.refuses(
        "POST",
        &path,
        &again,
        (400, "RESOURCE_ALREADY_EXISTS", &exists),
    );
    let elsewhere = format!("{TRACES}/{}/assessments", trace_id(9));
    let no_trace = format!("trace `tr-{:032x}` does not exist", 9);
    seeded.refuses(
        "POST",
        &elsewhere,
        &json!({"assessment": feedback}).to_string(),
        (404, UNKNOWN, &no_trace),
    );
    seeded.refuses_get(&format!("{path}/a-none"), (404, UNKNOWN, &no_target));
    seeded.assert_unharmed();
}

#[test]
fn an_update_mask_that_is_wrong_changes_nothing() {
    let seeded = Seeded::start(&[]);
    let path = format!("{TRACES}/{}/assessments", trace_id(1));
    let one = format!("{path}/a-seed");
    let cannot = |name: &str| {
        format!(
            "parameter `update_mask` names `{name}`, which cannot be updated; \
             these can: assessmentName, feedback, expectation, rationale, metadata"
        )
    };
    let new = json!({"feedback": {"value": false}, "rationale": "no", "valid": false, "assessment_name": "other"});
    for (mask, message) in [
        (json!(null), missing("update_mask")),
        (json!(""), missing("update_mask")),
        (json!(" "), missing("update_mask")),
        (json!({}), missing("update_mask")),
        (json!({"paths": "feedback"}), missing("update_mask")),
        (
            json!([]),
            "invalid value [] for parameter `update_mask`: expected paths separated by commas"
                .to_owned(),
        ),
        (
            json!(7),
            "invalid value 7 for parameter `update_mask`: expected paths separated by commas"
                .to_owned(),
        ),
        (json!("valid"), cannot("valid")),
        (json!("rationale,"), cannot("")),
        (json!("feedback,valid"), cannot("valid")),
        (json!("*"), cannot("*")),
        (json!("feedback.value"), cannot("feedback.value")),
        (json!("x".repeat(1000)), cannot(&"x".repeat(64))),
    ] {
        let body = json!({"assessment": new, "update_mask": mask}).to_string();
        seeded.refuses("PATCH", &one, &body, (400, INVALID, &message));
    }
    let kind = json!({"assessment": {"expectation": {"value": 1}}, "update_mask": "expectation"})
        .to_string();
    let message = "assessment `a-seed` cannot become another kind of assessment";
    seeded.refuses("PATCH", &one, &kind, (400, INVALID, message));
    let empty = json!({"assessment": {}, "update_mask": "feedback"}).to_string();
    let message = "parameter `assessment` needs one of `feedback`, `expectation` and `issue`";
    seeded.refuses("PATCH", &one, &empty, (400, INVALID, message));
    let body = json!({"assessment": new, "update_mask": "rationale"}).to_string();
    let absent = format!("trace `tr-{:032x}` has no assessment `a-none`", 1);
    seeded.refuses(
        "PATCH",
        &format!("{path}/a-none"),
        &body,
        (404, UNKNOWN, &absent),
    );
    // Deleting what is not there is fine.
    let reply = seeded
        .server
        .send_json("DELETE", &format!("{path}/a-none"), "{}");
    assert_eq!((reply.status, reply.text().as_str()), (200, "{}"));
    seeded.assert_unharmed();
}

#[test]
fn links_and_metrics_and_correlations_check_what_they_get() {
    let seeded = Seeded::start(&[]);
    let many: Vec<String> = (1..=101).map(trace_id).collect();
    let link_run = "/api/2.0/mlflow/traces/link-to-run";
    let link_prompts = "/api/2.0/mlflow/traces/link-prompts";
    let metrics = "/api/3.0/mlflow/traces/metrics";
    let correlation = "/api/3.0/mlflow/traces/calculate-filter-correlation";
    let metric = |name: &str, value: Json| {
        let mut body = json!({
            "experiment_ids": ["0"], "view_type": "TRACES", "metric_name": "latency",
            "aggregations": [{"aggregation_type": "AVG"}],
        });
        body[name] = value;
        body
    };
    let percentile = "PERCENTILE needs a `percentile_value` from 0 to 100";
    let rank = |value: Json| {
        metric(
            "aggregations",
            json!([{"aggregation_type": "PERCENTILE", "percentile_value": value}]),
        )
    };
    for (path, body, message) in [
        (link_run, json!({"run_id": "r"}), missing("trace_ids")),
        (link_run, json!({"trace_ids": [], "run_id": ""}), missing("run_id")),
        (link_run, json!({"trace_ids": many, "run_id": "r"}), "101 values for parameter `trace_ids`; the limit is 100".to_owned()),
        (link_prompts, json!({"prompt_versions": []}), missing("trace_id")),
        (
            link_prompts,
            json!({"trace_id": trace_id(1), "prompt_versions": [{"name": "p", "version": "x"}]}),
            "invalid value \"x\" for parameter `prompt_versions[0].version`: expected an integer".to_owned(),
        ),
        (link_prompts, json!({"trace_id": trace_id(1), "prompt_versions": [{"version": "1"}]}), missing("prompt_versions[0].name")),
        (metrics, json!({}), missing("experiment_ids")),
        (metrics, metric("experiment_ids", json!(["x"])), "invalid value \"x\" for parameter `experiment_ids`: an experiment id must be an integer".to_owned()),
        (metrics, metric("view_type", json!(null)), missing("view_type")),
        (metrics, metric("view_type", json!("RUNS")), "invalid value \"RUNS\" for parameter `view_type`: expected TRACES, SPANS or ASSESSMENTS".to_owned()),
        (metrics, metric("aggregations", json!([{"aggregation_type": "MEDIAN"}])), "invalid value \"MEDIAN\" for parameter `aggregation_type`: expected COUNT, SUM, AVG, MIN, MAX or PERCENTILE".to_owned()),
        (metrics, rank(json!(null)), percentile.to_owned()),
        (metrics, rank(json!(100.1)), percentile.to_owned()),
        (metrics, rank(json!("NaN")), percentile.to_owned()),
        (metrics, metric("time_interval_seconds", json!(60)), "parameter `time_interval_seconds` needs `start_time_ms` and `end_time_ms`".to_owned()),
        (metrics, metric("time_interval_seconds", json!(-1)), "invalid value -1 for parameter `time_interval_seconds`: expected an integer of at least 0".to_owned()),
        (correlation, json!({"experiment_ids": ["0"], "filter_string1": "name = 'a'"}), missing("filter_string2")),
        (correlation, json!({"experiment_ids": "0", "filter_string1": "name = 'a'", "filter_string2": "name = 'a'"}), "invalid value \"0\" for parameter `experiment_ids`: expected a list".to_owned()),
    ] {
        seeded.refuses("POST", path, &body.to_string(), (400, INVALID, &message));
    }
    seeded.refuses(
        "POST",
        metrics,
        &metric("aggregations", json!([])).to_string(),
        (
            400,
            "BAD_REQUEST",
            "parameter `aggregations` needs from 1 to 100 items",
        ),
    );
    let unknown =
        json!({"trace_id": trace_id(9), "prompt_versions": [{"name": "p", "version": 1}]})
            .to_string();
    seeded.refuses(
        "POST",
        link_prompts,
        &unknown,
        (
            404,
            UNKNOWN,
            &format!("trace `tr-{:032x}` does not exist", 9),
        ),
    );
    seeded.assert_unharmed();
}
