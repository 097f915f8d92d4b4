use super::*;
use crate::attributes as key;
use crate::record::Text;

fn redacted(text: &str) -> String {
    Redaction::default().text(text).into_owned()
}

/// Everything in the list is found, wherever it stands.
fn found(placeholder: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(redacted(text), placeholder, "{text}");
        let within = format!("before {text}, after");
        assert_eq!(redacted(&within), format!("before {placeholder}, after"));
        let in_json = serde_json::json!({"a": [text, 1.50], "b": format!("({text})")}).to_string();
        let expected =
            serde_json::json!({"a": [placeholder, 1.50], "b": format!("({placeholder})")});
        assert_eq!(redacted(&in_json), expected.to_string());
    }
}

fn kept(texts: &[&str]) {
    for text in texts {
        assert_eq!(redacted(text), *text);
    }
}

#[test]
fn email_addresses() {
    found(
        "[EMAIL]",
        &[
            "ada@example.com",
            "Ada.Lovelace+news@mail.example.co.uk",
            "o'neil_99@sub-domain.example.museum",
            "a@b.io",
        ],
    );
    kept(&[
        "@handle on a network",
        "user@localhost",
        "icon@2x.png",
        "3 apples @ 2.50 each",
        "a @ b.com",
    ]);
    assert_eq!(redacted("mail <ada@example.com>."), "mail <[EMAIL]>.");
    assert_eq!(redacted("a@x.com,b@y.org"), "[EMAIL],[EMAIL]");
}

#[test]
fn phone_numbers() {
    found(
        "[PHONE]",
        &[
            "+14155552671",
            "+1 (415) 555-2671",
            "+44 20 7946 0958",
            "+49-30-901820",
            "+33 6 12 34 56 78",
            "(415) 555-2671",
            "415-555-2671",
            "415.555.2671",
            "1-800-555-0199",
            "555-123-4567",
            "(555) 123-4567",
            "020 7946 0958",
            "030 901820 15",
            "06 12 34 56 78",
            "0171-5551234",
        ],
    );
    kept(&[
        "2024-01-15 10:30:00",
        "01-02-2024 10:30",
        "01/02/2024 11:45",
        "1700000000",
        "1700000000123456789",
        "3.14159265358979",
        "12345678901234567890",
        "550e8400-e29b-41d4-a716-446655440000",
        "version 10.0.19045.3803-415",
        "1 + 2 = 3, 10 20 30 40",
        "0.00012345678",
        "order 555-1234",
        "555.123.4567",
        "+1 vote",
    ]);
}

#[test]
fn card_numbers() {
    found(
        "[CREDIT_CARD]",
        &[
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "5555555555554444",
            "2223003122003222",
            "3782 822463 10005",
            "378282246310005",
            "6011111111111117",
            "3530111333300000",
            "30569309025904",
            "4222222222222",
        ],
    );
    kept(&[
        // The checksum is wrong by one.
        "4111111111111112",
        "4111 1111 1111 1112",
        // No network, though the checksum is right.
        "1234567812345670",
        "0000000000000000",
        // Times in milli- and nanoseconds.
        "1700000000000",
        "1700000000123456789",
        "0.4111111111111111",
        "id4111111111111111",
        "4111111111111111abc",
    ]);
    assert_eq!(
        redacted("12 of 4111 1111 1111 1111 12/29"),
        "12 of [CREDIT_CARD] 12/29"
    );
    assert_eq!(
        redacted("x,4111111111111111 5555555555554444,y"),
        "x,[CREDIT_CARD] [CREDIT_CARD],y"
    );
    assert_eq!(redacted("7 4111 1111 1111 1111"), "7 [CREDIT_CARD]");
}

#[test]
fn bank_accounts() {
    found(
        "[IBAN]",
        &[
            "DE89370400440532013000",
            "DE89 3704 0044 0532 0130 00",
            "GB29 NWBK 6016 1331 9268 19",
            "FR1420041010050500013M02606",
            "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S",
            "de89370400440532013000",
        ],
    );
    kept(&[
        "DE88370400440532013000",
        "XX89370400440532013000",
        "DE8937040044053201300",
        "AB12 CDEF 3456",
    ]);
    let text = "PAY DE89 3704 0044 0532 0130 00 NOW 1234";
    assert_eq!(redacted(text), "PAY [IBAN] NOW 1234");
}

#[test]
fn social_security_numbers() {
    found("[SSN]", &["123-45-6789", "078 05 1120", "899-99-9999"]);
    kept(&[
        "000-12-3456",
        "666-12-3456",
        "900-12-3456",
        "123-00-4567",
        "123-45-0000",
        "123-45-67890",
        "9123-45-6789",
        "2024-123-45-6789",
        "123456789",
    ]);
}

#[test]
fn addresses_of_machines() {
    found(
        "[IP]",
        &[
            "203.0.113.7",
            "10.1.2.3",
            "2001:db8::8a2e:370:7334",
            "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
            "fe80::1",
            "::ffff:192.0.2.128",
        ],
    );
    kept(&[
        "127.0.0.1",
        "0.0.0.0",
        "::1",
        "::",
        "1.2.3",
        "v1.2.3.4",
        "1.3.6.1.4.1.311",
        "300.1.2.3",
        "std::fmt::Display",
        "a::b",
        "Vec::<u8>::new",
        "10:30:45",
        "00:1a:2b:3c:4d:5e",
        "std::collections::HashMap",
    ]);
    assert_eq!(redacted("http://203.0.113.7:8080/x"), "http://[IP]:8080/x");
    assert_eq!(redacted("from 203.0.113.7."), "from [IP].");
}

#[test]
fn tokens_of_services() {
    let jwt =
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
    found(
        "[SECRET]",
        &[
            "sk-proj-4fJ2kd92Jfk20dkfJ3k20fkJd92kf",
            "sk-ant-api03-abcdefghij0123456789",
            "ghp_0123456789abcdefghijABCDEFGHIJ012345",
            "github_pat_11ABCDEFG0abcdefghijkl_mnop",
            "AKIAIOSFODNN7EXAMPLE",
            "AIzaSyA1234567890abcdefghijklmnopqrstuv",
            "xoxb-123456789012-abcdefABCDEF",
            "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
            "hf_abcdefghijklmnopqrstuvwxyz012345",
            jwt,
        ],
    );
    kept(&[
        "sk-learn",
        "a task-oriented-dialogue-system-2024",
        "sk-some-words-with-many-hyphens",
        "risk-assessment-framework-2024",
        "AKIA is a prefix",
        "the bearer instruments of a bank",
        "password: required",
        "ghp_short",
        "eyJ.eyJ.x",
    ]);
}

#[test]
fn secrets_that_are_introduced() {
    for (text, expected) in [
        (
            "Authorization: Bearer abc123def456ghi",
            "Authorization: Bearer [SECRET]",
        ),
        ("postgres://app:s3cret@db/x", "postgres://app:[SECRET]@db/x"),
        ("password=hunter22&x=1", "password=[SECRET]&x=1"),
        ("api_key: 'abc-123-def'", "api_key: '[SECRET]'"),
    ] {
        assert_eq!(redacted(text), expected);
    }
    let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----";
    assert_eq!(redacted(&format!("a {key} b")), "a [SECRET] b");
    let cut = "a -----BEGIN PRIVATE KEY-----\nMIIE";
    assert_eq!(redacted(cut), "a [SECRET]");
}

#[test]
fn a_name_can_say_that_its_value_is_secret() {
    let json = r#"{"user":"x","Password":"open sesame","api-key": "k","nested":{"authorization":"plain words","n":1},"password":null,"list":["password","word"]}"#;
    let expected = r#"{"user":"x","Password":"[SECRET]","api-key": "[SECRET]","nested":{"authorization":"[SECRET]","n":1},"password":null,"list":["password","word"]}"#;
    assert_eq!(redacted(json), expected);
    serde_json::from_str::<serde_json::Value>(&redacted(json)).unwrap();
}

#[test]
fn json_keeps_every_byte_that_is_not_personal() {
    let json = "{ \"n\": 12345678901234567890123, \"x\" : 1.500e-7,\n\t\"t\": \"\\u00e9 \\\"q\\\" a@b.io\", \"same\": \"\\u00e9\" }";
    let expected = "{ \"n\": 12345678901234567890123, \"x\" : 1.500e-7,\n\t\"t\": \"é \\\"q\\\" [EMAIL]\", \"same\": \"\\u00e9\" }";
    assert_eq!(redacted(json), expected);
    assert_eq!(
        redacted(r#"{"card":4111111111111111}"#),
        r#"{"card":"[CREDIT_CARD]"}"#
    );
    assert_eq!(redacted(r#"{"a@b.io":1}"#), r#"{"[EMAIL]":1}"#);
    assert_eq!(redacted(r#""a@b.io""#), r#""[EMAIL]""#);
}

#[test]
fn json_within_json_stays_json() {
    let inner = serde_json::json!({"to": "ada@example.com", "password": "x y z"}).to_string();
    let outer = serde_json::json!({"arguments": inner}).to_string();
    let outer: serde_json::Value = serde_json::from_str(&redacted(&outer)).unwrap();
    let inner: serde_json::Value =
        serde_json::from_str(outer["arguments"].as_str().unwrap()).unwrap();
    assert_eq!(
        inner,
        serde_json::json!({"to": "[EMAIL]", "password": "[SECRET]"})
    );
}

#[test]
fn what_only_looks_like_json_is_text() {
    assert_eq!(redacted("[see] a@b.io"), "[see] [EMAIL]");
    assert_eq!(redacted("{\"cut\": \"a@b.io"), "{\"cut\": \"[EMAIL]");
    assert_eq!(redacted(""), "");
}

#[test]
fn an_image_is_no_text() {
    let image = "data:image/png;base64,iVBORw0KGgo+14155552671";
    assert_eq!(redacted(image), image);
}

#[test]
fn rules_of_the_application_run_first() {
    let redaction = Redaction::none()
        .pattern(r"\bEMP-(\d{2})\d{4}\b", "[EMPLOYEE-$1]")
        .unwrap()
        .function(|text| text.contains("Projekt X").then(|| "[internal]".to_owned()));
    assert_eq!(redaction.text("EMP-004711"), "[EMPLOYEE-00]");
    assert_eq!(redaction.text("a@b.io"), "a@b.io");
    assert_eq!(
        redaction.text(r#"{"a":"Projekt X ist geheim"}"#),
        r#"{"a":"[internal]"}"#
    );
    let redaction = redaction
        .with(Kind::Email)
        .without(Kind::Email)
        .with(Kind::Email);
    assert_eq!(redaction.text("a@b.io"), "[EMAIL]");
    let error = Redaction::none().pattern("(", "").unwrap_err();
    assert!(error.to_string().contains("not understood"), "{error}");
}

#[test]
fn nothing_of_a_span_is_left_out() {
    let tracer = crate::Tracer::start(crate::Settings {
        destinations: Vec::new(),
        ..crate::Settings::default()
    })
    .unwrap();
    let span = tracer.span("mail to ada@example.com").root().start();
    span.set_inputs(&serde_json::json!({"to": "ada@example.com"}));
    span.set_outputs("called 415-555-2671");
    span.set_attribute("http.request.header.authorization", "anything");
    span.set_attribute("list", vec!["a@b.io", "word"]);
    span.set_attribute(
        "map",
        Value::Map(vec![
            ("password".into(), "x".into()),
            ("n".into(), 1.into()),
        ]),
    );
    let of_event = vec![(Text::from("to"), Value::from("a@b.io"))];
    span.add_event("sent", of_event);
    span.record_exception("E", "no route to 203.0.113.7", "at 203.0.113.7");
    span.set_error("a@b.io refused");
    span.edit_trace(|trace| {
        trace.request_preview = Some("write to a@b.io".into());
        trace.set_user("a@b.io");
    });
    let mut record = span.with_record(|record| record.clone()).unwrap();
    // Said of the trace, it is an attribute by the time a span is encoded.
    record.set("fanlight.trace.request_preview", "write to a@b.io");
    Redaction::default().span(&mut record);
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap();
    assert_eq!(record.name, "mail to [EMAIL]");
    assert_eq!(text(key::INPUTS), r#"{"to":"[EMAIL]"}"#);
    assert_eq!(text(key::OUTPUTS), r#""called [PHONE]""#);
    assert_eq!(text("http.request.header.authorization"), "[SECRET]");
    assert_eq!(text("fanlight.trace.request_preview"), "write to [EMAIL]");
    assert_eq!(record.status_message, "[EMAIL] refused");
    let all = format!("{record:?}");
    for gone in ["a@b.io", "ada@", "2671", "203.0"] {
        assert!(!all.contains(gone), "{gone} in {all}");
    }
}
