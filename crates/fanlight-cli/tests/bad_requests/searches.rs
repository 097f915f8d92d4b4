//! Searches: bodies, pages, orders and filters.

use serde_json::json;

use crate::support::location;
use crate::{INVALID, Seeded, assert_refusal};

const SEARCH: &str = "/api/3.0/mlflow/traces/search";

#[test]
fn a_body_of_the_wrong_type_is_named() {
    let seeded = Seeded::start(&[]);
    for (headers, shown) in [
        (vec![], ""),
        (vec![("content-type", "text/plain")], "text/plain"),
        (
            vec![(
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8",
            )],
            "application/x-www-form-urlencoded",
        ),
        (
            vec![("content-type", "application/jsonp")],
            "application/jsonp",
        ),
        (vec![("content-type", "\u{ff}")], "\u{ff}"),
    ] {
        let reply = seeded.server.call("POST", SEARCH, &headers, b"{}");
        let message = format!("invalid content type \"{shown}\": expected application/json");
        assert_refusal(&reply, (400, INVALID, &message), shown);
    }
    seeded.assert_unharmed();
}

#[test]
fn a_body_that_is_no_object_counts_as_an_empty_one() {
    let seeded = Seeded::start(&[]);
    let deep = "[".repeat(200_000);
    let deep_object = r#"{"a":"#.repeat(100_000);
    for body in [
        "",
        "{",
        "[]",
        "null",
        "7",
        "\"x\"",
        "\u{0}",
        "{\"locations\": 1e999}",
        &deep,
        &deep_object,
    ] {
        // Without a place to search in nothing is found; what is required is missing.
        let search = seeded.server.send_json("POST", SEARCH, body);
        assert_eq!((search.status, search.text().as_str()), (200, "{}"));
        let message = "missing value for required parameter `experiment_id`";
        seeded.refuses(
            "POST",
            "/api/3.0/mlflow/traces/delete-traces",
            body,
            (400, INVALID, message),
        );
    }
    let not_utf8 = [&b"{\"experiment_id\": \""[..], &[0xff, 0xfe], b"\"}"].concat();
    let json = [("content-type", "application/json")];
    let reply = seeded.server.call(
        "POST",
        "/api/2.0/mlflow/traces/delete-traces",
        &json,
        &not_utf8,
    );
    let message = "missing value for required parameter `experiment_id`";
    assert_refusal(&reply, (400, INVALID, message), "not UTF-8");
    seeded.assert_unharmed();
}

#[test]
#[expect(clippy::too_many_lines, reason = "one long table")]
fn a_member_of_the_wrong_type_is_named_with_its_value() {
    let seeded = Seeded::start(&[]);
    let long = format!(r#"{{"max_results": "{}"}}"#, "9".repeat(5000));
    let long_message = format!(
        "invalid value \"{}… for parameter `max_results`: expected an integer",
        "9".repeat(99)
    );
    let inside = "locations[0].mlflow_experiment.experiment_id";
    let at =
        |id: &str| format!(r#"{{"locations":[{{"mlflow_experiment":{{"experiment_id":{id}}}}}]}}"#);
    let not_an_integer = |id: &str| {
        format!(
            "invalid value {id} for parameter `experiment_id`: an experiment id must be an integer"
        )
    };
    for (body, message) in [
        (
            r#"{"locations":"x"}"#,
            "invalid value \"x\" for parameter `locations`: expected a list",
        ),
        (
            r#"{"locations":{}}"#,
            "invalid value {} for parameter `locations`: expected a list",
        ),
        (
            r#"{"locations":[7]}"#,
            "invalid value 7 for parameter `locations[0]`: expected an object",
        ),
        (
            r#"{"locations":[{},{"mlflow_experiment":[]}]}"#,
            "invalid value [] for parameter `locations[1].mlflow_experiment`: expected an object",
        ),
        (
            &at("7"),
            &format!("invalid value 7 for parameter `{inside}`: expected a string"),
        ),
        (
            &at("null"),
            &format!("missing value for required parameter `{inside}`"),
        ),
        (
            &at("\"\""),
            &format!("missing value for required parameter `{inside}`"),
        ),
        (&at("\"abc\""), &not_an_integer("\"abc\"")),
        (&at("\"-1\""), &not_an_integer("\"-1\"")),
        (&at("\"1.0\""), &not_an_integer("\"1.0\"")),
        (&at("\"0x1\""), &not_an_integer("\"0x1\"")),
        (
            &at("\"1; DROP TABLE runs\""),
            &not_an_integer("\"1; DROP TABLE runs\""),
        ),
        (
            &at("\"99999999999999999999\""),
            &not_an_integer("\"99999999999999999999\""),
        ),
        (
            r#"{"max_results":0}"#,
            "invalid value 0 for parameter `max_results`: expected a positive integer",
        ),
        (
            r#"{"max_results":-1}"#,
            "invalid value -1 for parameter `max_results`: expected a positive integer",
        ),
        (
            r#"{"max_results":501}"#,
            "invalid value 501 for parameter `max_results`: expected at most 500",
        ),
        (
            r#"{"max_results":"501"}"#,
            "invalid value 501 for parameter `max_results`: expected at most 500",
        ),
        (
            r#"{"max_results":"abc"}"#,
            "invalid value \"abc\" for parameter `max_results`: expected an integer",
        ),
        (
            r#"{"max_results":1.5}"#,
            "invalid value 1.5 for parameter `max_results`: expected an integer",
        ),
        (
            r#"{"max_results":"NaN"}"#,
            "invalid value \"NaN\" for parameter `max_results`: expected an integer",
        ),
        (
            r#"{"max_results":1e300}"#,
            "invalid value 1e+300 for parameter `max_results`: expected an integer",
        ),
        (
            r#"{"max_results":true}"#,
            "invalid value true for parameter `max_results`: expected an integer",
        ),
        (
            r#"{"max_results":18446744073709551616}"#,
            "invalid value 1.8446744073709552e+19 for parameter `max_results`: expected an integer",
        ),
        (&long, &long_message),
        (
            r#"{"max_results":1,"maxResults":2}"#,
            "parameter `max_results` is given twice, also as `maxResults`",
        ),
        (
            r#"{"order_by":"name"}"#,
            "invalid value \"name\" for parameter `order_by`: expected a list",
        ),
        (
            r#"{"order_by":[1]}"#,
            "invalid value 1 for parameter `order_by`: expected a list of strings",
        ),
        (
            r#"{"filter":7}"#,
            "invalid value 7 for parameter `filter`: expected a string",
        ),
        (
            r#"{"page_token":7}"#,
            "invalid value 7 for parameter `page_token`: expected a string",
        ),
    ] {
        seeded.refuses("POST", SEARCH, body, (400, INVALID, message));
    }
    seeded.assert_unharmed();
}

#[test]
fn a_page_token_that_is_not_ours_is_refused() {
    let seeded = Seeded::start(&[]);
    let ask = |token: &str, order: &[&str]| {
        json!({
            "locations": [location("0")], "page_token": token, "order_by": order, "max_results": 1,
        })
    };
    let page = seeded.server.post_json(SEARCH, &ask("", &[])).json();
    let ours = page["next_page_token"].as_str().unwrap();
    let long = "A".repeat(70_000);
    let (garbage, foreign, other) = (
        "it is not base64",
        "it does not come from this server",
        "it belongs to another order_by",
    );
    let cut = &ours[..40];
    let newest: &[&str] = &[];
    for (token, order, reason) in [
        ("!!!", newest, garbage),
        ("eyJvZmZzZXQiOiAyMX0=", newest, garbage),
        ("'; DROP TABLE traces; --", newest, garbage),
        ("\u{0}", newest, garbage),
        // {"offset": 21}, null, [] and {}
        ("eyJvZmZzZXQiOiAyMX0", newest, foreign),
        ("bnVsbA", newest, foreign),
        ("W10", newest, foreign),
        ("e30", newest, foreign),
        (cut, newest, foreign),
        (&long, newest, "it is too long"),
        (ours, &["timestamp_ms ASC"], other),
        (ours, &["name"], other),
        (ours, &["execution_time_ms DESC", "request_id"], other),
        // {"o":"Start-TraceId+","v":[{"Text":"x"},{"Number":1}]}
        (
            "eyJvIjoiU3RhcnQtVHJhY2VJZCsiLCJ2IjpbeyJUZXh0IjoieCJ9LHsiTnVtYmVyIjoxfV19",
            newest,
            foreign,
        ),
        // {"o":"Start-TraceId+","v":[{"Number":1},{"Text":"0"}]}
        (
            "eyJvIjoiU3RhcnQtVHJhY2VJZCsiLCJ2IjpbeyJOdW1iZXIiOjF9LHsiVGV4dCI6IjAifV19",
            newest,
            foreign,
        ),
        // {"o":"Start-TraceId+","v":[]}
        ("eyJvIjoiU3RhcnQtVHJhY2VJZCsiLCJ2IjpbXX0", newest, other),
    ] {
        let body = ask(token, order).to_string();
        seeded.refuses(
            "POST",
            SEARCH,
            &body,
            (400, INVALID, &format!("invalid page token: {reason}")),
        );
    }
    assert_eq!(
        seeded.server.post_json(SEARCH, &ask(ours, &[])).text(),
        "{}"
    );
    seeded.assert_unharmed();
}

#[test]
fn an_order_that_does_not_exist_is_refused() {
    let seeded = Seeded::start(&[]);
    let keys = "valid keys: timestamp_ms, execution_time_ms, end_time_ms, status, request_id, name, run_id, \
        experiment_id, tags.<key>, metadata.<key>";
    let many: Vec<String> = (0..33).map(|number| format!("tags.t{number}")).collect();
    for (order, message) in [
        (json!(["zzz"]), format!("unknown order_by key `zzz` at character 1 of order_by item 1; {keys}")),
        (json!(["name", "span.name"]), format!("unknown order_by key `span.name` at character 1 of order_by item 2; did you mean `name`? {keys}")),
        (json!(["name; DROP TABLE x"]), "unexpected `;` at character 5 of order_by item 1; a filter is one statement".to_owned()),
        (json!(["name DESC, status"]), "unexpected `,` at character 10 of order_by item 1; one key per item; missing values are always last".to_owned()),
        (json!([""]), "expected a key, found `the end` at character 1 of order_by item 1".to_owned()),
        (json!(many), "more than 32 keys of order_by item 33".to_owned()),
    ] {
        let body = json!({"locations": [location("0")], "order_by": order}).to_string();
        seeded.refuses("POST", SEARCH, &body, (400, INVALID, &message));
    }
    seeded.assert_unharmed();
}

#[test]
#[expect(clippy::too_many_lines, reason = "one long table")]
fn a_filter_that_is_wrong_says_where() {
    let seeded = Seeded::start(&[]);
    let keys = "valid keys: request_id, client_request_id, status, timestamp_ms, execution_time_ms, end_time_ms, name, \
        run_id, prompt, trace.text, tags.<key>, metadata.<key>, span.name, span.type, span.status, span.model, \
        span.attributes.<key>, span.content, feedback.<name>, expectation.<name>, issue.id";
    let parentheses = "(".repeat(100) + "name = 'x'" + &")".repeat(100);
    let nots = "NOT ".repeat(10_000) + "name = 'x'";
    let conditions = vec!["name = 'x'"; 1001].join(" OR ");
    let huge = format!("name = '{}'", "x".repeat(70_000));
    let regexes = vec!["name RLIKE 'a'"; 21].join(" AND ");
    let operators = "valid operators: =, !=, IN, NOT IN, LIKE, ILIKE, RLIKE";
    for (filter, message) in [
        (
            "dur > 5",
            &*format!(
                "unknown filter key `dur` at character 1; did you mean `execution_time_ms`? {keys}"
            ),
        ),
        (
            "STATUS = 'OK'",
            &format!("unknown filter key `STATUS` at character 1; did you mean `status`? {keys}"),
        ),
        (
            "status = OK",
            "expected a quoted value, found `OK` at character 10; write 'OK'",
        ),
        (
            "status == 'OK'",
            &format!("unknown operator `==` for `status` at character 8; {operators}; write `=`"),
        ),
        (
            "status <> 'OK'",
            &format!("unknown operator `<>` for `status` at character 8; {operators}; write `!=`"),
        ),
        (
            "foo.bar = 'x'",
            "unknown entity `foo` in `foo.bar` at character 1; valid entities: trace, attributes, tags, metadata, request_metadata, span, feedback, expectation, issue",
        ),
        (
            "status IN ()",
            "expected a quoted value, found `)` at character 12",
        ),
        ("name = 'a", "no closing ' for 'a at character 8"),
        (
            "name = 'a'; DROP TABLE traces",
            "unexpected `;` at character 11; a filter is one statement",
        ),
        (
            "'; DROP TABLE traces; --",
            "no closing ' for '; DROP TABLE traces; -- at character 1",
        ),
        (
            "name = 'a' -- comment",
            "unexpected `--` at character 12; comments are not supported",
        ),
        (
            "name = 'a' UNION SELECT * FROM runs",
            &format!("unknown filter key `UNION` at character 12; {keys}"),
        ),
        (
            "1 = 1",
            &format!("unknown filter key `1` at character 1; {keys}"),
        ),
        (
            "name = 'a' OR",
            "expected a condition, found the end at character 14",
        ),
        ("()", "expected a condition, found `)` at character 2"),
        ("(name = 'a'", "`(` is not closed at character 1"),
        ("name = 'a')", "unexpected `)` at character 11"),
        (
            &parentheses,
            "nested too deep at character 65; at most 64 levels are accepted",
        ),
        (
            &nots,
            "nested too deep at character 257; at most 64 levels are accepted",
        ),
        (&conditions, "more than 1000 conditions at character 14001"),
        (&huge, "filter has 70009 bytes, more than 65536"),
        (
            &regexes,
            "more than 20 regular expressions at character 392",
        ),
        (
            "name RLIKE '(a'",
            "invalid regular expression '(a' at character 12; unclosed group",
        ),
        (
            "name RLIKE '(a{1000}){1000}'",
            "invalid regular expression '(a{1000}){1000}' at character 12; it compiles to more than 1048576 bytes",
        ),
        (
            "timestamp > '0'",
            "expected an integer, found `'0'` at character 13; write a number of 64 bits without quotes, such as 1000",
        ),
        (
            "timestamp > 99999999999999999999",
            "expected an integer, found `99999999999999999999` at character 13; write a number of 64 bits without quotes, such as 1000",
        ),
        (
            "timestamp > 0.5",
            "expected an integer, found `0.5` at character 13; write a number of 64 bits without quotes, such as 1000",
        ),
        (
            "timestamp BETWEEN 1 AND 2",
            "unknown operator `BETWEEN` for `timestamp` at character 11; valid operators: =, !=, <, <=, >, >=; write `key >= a AND key <= b`",
        ),
        (
            "execution_time > 1e999",
            "expected a number, found `1e999` at character 18; write a number of 64 bits without quotes, such as 0.5",
        ),
        (
            "execution_time > NaN",
            "expected a number, found `NaN` at character 18; write a number of 64 bits without quotes, such as 0.5",
        ),
        (
            "prompt = 'p'",
            "'p' is no version of a prompt at character 10; write prompt = 'name/version'",
        ),
        (
            "span.kind = 'x'",
            "unknown filter key `span.kind` at character 1; valid keys: span.name, span.type, span.status, span.model, span.attributes.<key>, span.content",
        ),
        (
            "name = '日本' AND \u{0} = 'x'",
            &format!("unknown filter key `\u{0}` at character 17; {keys}"),
        ),
    ] {
        let body = json!({"locations": [location("0")], "filter": filter}).to_string();
        seeded.refuses("POST", SEARCH, &body, (400, INVALID, message));
    }
    seeded.assert_unharmed();
}
