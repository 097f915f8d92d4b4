//! What SQL must not do, whoever asks.

mod support;

use std::time::Duration;

use fanlight_model::ErrorKind;
use fanlight_sql::{Format, SqlError, SqlSettings};
use support::Home;

/// Works for ever, a little at a time.
const ENDLESS: &str =
    "SELECT count(*) FROM generate_series(1, 9000000000000000) AS a(x) WHERE x % 7 = 3";

async fn home() -> Home {
    let home = Home::new(SqlSettings::default()).await;
    home.append(1..30).await;
    home
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_statement_that_reads_is_run() {
    let home = home().await;
    for (query, word) in [
        ("DROP TABLE traces", "DROP"),
        ("CREATE TABLE t AS SELECT 1", "CREATE"),
        ("CREATE VIEW v AS SELECT 1", "CREATE"),
        (
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
            "CREATE EXTERNAL TABLE",
        ),
        ("COPY traces TO 'x.csv'", "COPY"),
        ("COPY (SELECT 1) TO 'x.csv' STORED AS CSV", "COPY"),
        ("INSERT INTO traces VALUES (1)", "INSERT"),
        ("UPDATE traces SET name = 'x'", "UPDATE"),
        ("DELETE FROM traces", "DELETE"),
        ("SET datafusion.execution.batch_size = 1", "SET"),
        ("RESET datafusion.execution.batch_size", "RESET"),
        ("SELECT 1; SELECT 2", "2 statements"),
        ("EXPLAIN INSERT INTO traces VALUES (1)", "INSERT"),
        ("EXPLAIN COPY traces TO 'x.csv'", "COPY"),
        ("PREPARE p AS SELECT 1", "PREPARE"),
        ("BEGIN", "START"),
    ] {
        let error = home.try_rows(query).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{query}");
        let text = error.to_string();
        assert!(
            text.contains("reads and never writes") && text.contains(word) || word == "START",
            "{query}: {text}"
        );
    }
    for query in [
        "SHOW TABLES",
        "DESCRIBE traces",
        "EXPLAIN SELECT * FROM spans",
        "EXPLAIN ANALYZE SELECT count(*) FROM spans",
        "SHOW COLUMNS FROM spans",
        "WITH t AS (SELECT 1 AS x) SELECT * FROM t UNION ALL SELECT 2",
        "VALUES (1), (2)",
    ] {
        let rows = home.rows(query).await;
        assert!(!rows.as_array().unwrap().is_empty(), "{query}");
    }
    assert_eq!(home.number("SELECT count(*) FROM traces").await, 29);
    home.engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_is_read() {
    let home = home().await;
    for query in [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM \"/etc/hosts.csv\"",
        "SELECT * FROM 'file:///etc/hosts.csv'",
        "SELECT * FROM read_parquet('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM parquet_metadata('x')",
        "SELECT * INTO copied FROM traces",
    ] {
        let error = home.try_rows(query).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{query}: {error}");
    }
    home.engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_is_named_with_its_place() {
    let home = home().await;
    for (query, parts) in [
        (
            "SELECT nmae FROM traces",
            &["nmae", "Line: 1, Column: 8"][..],
        ),
        ("SELECT *\nFROM trace", &["trace", "not found"]),
        ("SELEC 1", &["SELEC", "Line: 1, Column: 1"]),
        ("SELECT name FROM traces WHERE", &["Expected"]),
        ("SELECT nothing(name) FROM traces", &["nothing"]),
        (
            "SELECT name + 1 FROM traces",
            &["Utf8 + Int64", "Column: 8"],
        ),
        (
            "SELECT CAST(name AS INT) FROM traces",
            &["Cast error", "agent"],
        ),
        ("SELECT json_get(1, 'a')", &["json_get", "JSON text"]),
        ("SELECT 1 / 0", &["Divide by zero"]),
        ("", &["empty"]),
        ("-- nothing", &["empty"]),
    ] {
        let error = home.try_rows(query).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{query}");
        let text = error.to_string();
        for part in parts {
            assert!(text.contains(part), "{query}: {text}");
        }
    }
    home.engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_fill_memory_is_refused() {
    let home = home().await;
    let mut doubled = "name".to_owned();
    for _ in 0..9 {
        doubled = format!("({doubled} || {doubled})");
    }
    let nested = (0..40).fold("SELECT name AS x FROM traces".to_owned(), |inner, _| {
        format!("SELECT x || x AS x FROM ({inner})")
    });
    let long = format!("SELECT '{}'", "x".repeat(70_000));
    for query in [
        "SELECT repeat('x', 2000000000)",
        "SELECT lpad('x', 2000000000)",
        "SELECT rpad(name, 2000000000) FROM traces",
        "SELECT range(1, 10000000000)",
        "SELECT generate_series(1, 10000000000)",
        "SELECT array_repeat(1, 10000000000)",
        "SELECT array_resize([1], 10000000000, 1)",
        "WITH RECURSIVE r AS (SELECT 'x' AS x UNION ALL SELECT x || x FROM r) SELECT * FROM r",
        "SELECT replace(name, 'a', name) FROM traces",
        &format!("SELECT {doubled} FROM traces"),
        &nested,
        &long,
    ] {
        let error = home.try_rows(query).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    home.rows("SELECT name || ' ' || replace(state, 'OK', 'fine') || concat(name, '-', user_id) FROM traces").await;
    // Deep, but not large.
    let terms = vec!["1"; 1_000].join(" + ");
    assert_eq!(
        home.number(&format!("SELECT {}", &terms[..terms.len() - 40]))
            .await,
        990
    );
    let terms = vec!["1"; 5_000].join(" + ");
    assert!(
        home.error(&format!("SELECT {terms}"))
            .await
            .contains("5009 operators")
    );
    let names = vec!["'x'"; 10_000].join(", ");
    home.rows(&format!("SELECT name FROM traces WHERE name IN ({names})"))
        .await;
    let parentheses = format!("SELECT {}1{}", "(".repeat(500), ")".repeat(500));
    assert!(home.error(&parentheses).await.contains("ecursion"));
    home.engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_named_by_who_meets_them() {
    let settings = SqlSettings {
        timeout: Duration::from_millis(300),
        memory_bytes: 8 << 20,
        max_rows: 10,
        concurrency: 1,
    };
    let home = Home::new(settings).await;
    home.append(1..30).await;
    let endless = home.error(ENDLESS).await;
    assert!(endless.contains("300 ms (`sql_timeout`)"), "{endless}");
    let sorted =
        "SELECT x FROM generate_series(1, 1000000) AS a(x) ORDER BY x % 1000, x DESC LIMIT 900000";
    assert!(
        home.error(sorted)
            .await
            .contains("8388608 bytes (`sql_memory_bytes`)")
    );
    let many = home.error("SELECT * FROM traces").await;
    assert!(many.contains("10 rows (`sql_max_rows`)"), "{many}");
    home.rows("SELECT * FROM traces LIMIT 10").await;
    home.engine.close().await;
}

/// Waits until nobody has a turn.
async fn until_idle(home: &Home) {
    while home.sql.running() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_nobody_waits_for_ends() {
    let settings = SqlSettings {
        concurrency: 1,
        timeout: Duration::from_hours(1),
        ..SqlSettings::default()
    };
    let home = Home::new(settings).await;
    home.append(1..30).await;
    // Given up before its first row.
    let waiting = home.sql.run(ENDLESS, Format::Json);
    let given_up = tokio::time::timeout(Duration::from_millis(50), waiting).await;
    assert!(given_up.is_err());
    until_idle(&home).await;
    // Given up while it answers: nobody takes what is ready.
    let rows = "SELECT x, 'some text that makes the answer large' FROM generate_series(1, 9000000000) AS a(x)";
    let unlimited = SqlSettings {
        concurrency: 1,
        timeout: Duration::from_hours(1),
        max_rows: usize::MAX,
        ..SqlSettings::default()
    };
    let large = fanlight_sql::Sql::new(std::sync::Arc::clone(&home.engine), unlimited).unwrap();
    let mut answer = large.run(rows, Format::Csv).await.unwrap();
    assert!(answer.next().await.unwrap().is_some());
    let busy = large.run("SELECT 1", Format::Json).await.unwrap_err();
    assert!(matches!(busy, SqlError::Busy { limit: 1 }));
    assert_eq!(busy.kind(), ErrorKind::Overloaded);
    drop(answer);
    while large.running() > 0 {
        tokio::task::yield_now().await;
    }
    large.run("SELECT 1", Format::Json).await.unwrap();
    home.engine.close().await;
}
