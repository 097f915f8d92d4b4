use super::*;

fn body(text: &str) -> Fields {
    Fields::from_body(text.as_bytes())
}

fn query(pairs: &[(&str, &str)]) -> Fields {
    Fields::from_query(
        pairs
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into()))
            .collect(),
    )
}

#[test]
fn both_spellings_are_one_parameter() {
    assert_eq!(
        body(r#"{"maxResults": 5}"#).integer("max_results").unwrap(),
        Some(5)
    );
    assert_eq!(
        body(r#"{"maxResults": 5, "max_results": 5}"#)
            .integer("max_results")
            .unwrap_err()
            .message,
        "parameter `max_results` is given twice, also as `maxResults`"
    );
}

#[test]
fn a_body_that_is_no_object_is_an_empty_one() {
    assert!(body("").is_empty() && body("{").is_empty() && body("[1]").is_empty());
    assert_eq!(
        body(r#""{\"key\": \"k\"}""#).text("key").unwrap(),
        Some("k")
    );
}

#[test]
fn missing_and_empty_text_are_both_refused_when_required() {
    for text in ["{}", r#"{"key": null}"#, r#"{"key": ""}"#] {
        assert_eq!(
            body(text).required_text("key").unwrap_err().message,
            "missing value for required parameter `key`"
        );
    }
    assert_eq!(
        body(r#"{"key": 5}"#)
            .required_text("key")
            .unwrap_err()
            .message,
        "invalid value 5 for parameter `key`: expected a string"
    );
}

#[test]
fn integers_come_as_numbers_or_text() {
    let fields = body(r#"{"a": 5, "b": "-7", "c": 2.0, "d": 2.5}"#);
    assert_eq!(fields.integer("a").unwrap(), Some(5));
    assert_eq!(fields.integer("b").unwrap(), Some(-7));
    assert_eq!(fields.integer("c").unwrap(), Some(2));
    assert!(fields.integer("d").is_err());
    assert!(fields.unsigned("b").is_err());
}

#[test]
fn page_sizes_are_positive_and_bounded() {
    let size = |text: &str| body(text).page_size("max_results", 100, 500);
    assert_eq!(size("{}").unwrap(), 100);
    assert_eq!(
        size(r#"{"max_results": 0}"#).unwrap_err().message,
        "invalid value 0 for parameter `max_results`: expected a positive integer"
    );
    assert_eq!(
        size(r#"{"max_results": 501}"#).unwrap_err().message,
        "invalid value 501 for parameter `max_results`: expected at most 500"
    );
}

#[test]
fn doubles_have_three_names() {
    assert_eq!(
        body(r#"{"v": "-Infinity"}"#).number("v").unwrap(),
        Some(f64::NEG_INFINITY)
    );
    assert!(
        body(r#"{"v": "NaN"}"#)
            .number("v")
            .unwrap()
            .is_some_and(f64::is_nan)
    );
    assert!(body(r#"{"v": "nan"}"#).number("v").is_err());
    assert!(body(r#"{"v": "1e999"}"#).number("v").is_err());
}

#[test]
fn url_parameters_are_text_and_repeat_as_lists() {
    let fields = query(&[
        ("trace_ids", "a"),
        ("trace_ids", "b"),
        ("partial", "False"),
        ("n", "3"),
    ]);
    assert_eq!(fields.texts("trace_ids").unwrap(), Some(vec!["a", "b"]));
    assert_eq!(fields.flag("partial").unwrap(), Some(false));
    assert_eq!(fields.integer("n").unwrap(), Some(3));
    assert!(query(&[("partial", "yes")]).flag("partial").is_err());
    assert!(body(r#"{"partial": "true"}"#).flag("partial").is_err());
}

#[test]
fn nested_errors_name_the_whole_path() {
    let fields = body(r#"{"metrics": [{"key": "a"}], "tags": [7]}"#);
    let metrics = fields.objects("metrics").unwrap();
    assert_eq!(
        metrics[0].required_number("value").unwrap_err().message,
        "missing value for required parameter `metrics[0].value`"
    );
    assert_eq!(
        fields.pairs("tags").unwrap_err().message,
        "invalid value 7 for parameter `tags[0]`: expected an object"
    );
}

#[test]
fn pairs_come_as_a_list_or_an_object() {
    let expected = vec![
        ("a".to_owned(), "1".to_owned()),
        ("b".to_owned(), String::new()),
    ];
    assert_eq!(
        body(r#"{"tags": [{"key":"a","value":"1"},{"key":"b"}]}"#)
            .pairs("tags")
            .unwrap(),
        expected
    );
    assert_eq!(
        body(r#"{"tags": {"a":"1","b":""}}"#).pairs("tags").unwrap(),
        expected
    );
}

#[test]
fn long_values_are_cut_in_messages() {
    let fields = body(&format!(r#"{{"n": "{}"}}"#, "x".repeat(5000)));
    assert!(fields.integer("n").unwrap_err().message.len() < 200);
}
