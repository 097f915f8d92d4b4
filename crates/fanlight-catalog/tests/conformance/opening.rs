use fanlight_catalog::{Catalog, CatalogError};
use fanlight_model::{ErrorKind, ExperimentId, UnixNanos};
use sqlx::{Connection as _, SqliteConnection};

use crate::Harness;

async fn direct(harness: &Harness) -> SqliteConnection {
    let path = harness.directory.path().join("catalog.db");
    SqliteConnection::connect(&format!("sqlite://{}", path.display()))
        .await
        .expect("a second connection")
}

#[tokio::test]
async fn a_new_catalog_has_the_default_experiment() {
    let harness = Harness::start().await;
    let default = harness
        .catalog
        .get_experiment(ExperimentId::DEFAULT)
        .await
        .unwrap();
    assert_eq!(default.name, "Default");
    assert_eq!(default.artifact_location, "mlflow-artifacts:/0");
    assert_eq!(default.created_at, UnixNanos::from_millis(1_000_000));
    assert!(!default.deleted);
}

#[tokio::test]
async fn opening_again_changes_nothing() {
    let harness = Harness::start().await;
    harness
        .catalog
        .rename_experiment(ExperimentId::DEFAULT, "renamed")
        .await
        .unwrap();
    harness.advance_ms(5);
    let harness = harness.reopen().await;
    let default = harness
        .catalog
        .get_experiment(ExperimentId::DEFAULT)
        .await
        .unwrap();
    assert_eq!(default.name, "renamed");
    assert_eq!(default.created_at, UnixNanos::from_millis(1_000_000));
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_not_touched() {
    let harness = Harness::start().await;
    let mut connection = direct(&harness).await;
    sqlx::query("INSERT INTO schema_version (version) VALUES (999)")
        .execute(&mut connection)
        .await
        .unwrap();
    let path = harness.directory.path().join("catalog.db");
    let refused = Catalog::open(&path, harness.clock.clone())
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the catalog has schema version 999, but this program knows versions up to 3; use a newer one"
    );
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn edits_of_the_first_version_are_taken_over() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let mut old = SqliteConnection::connect(&url).await.unwrap();
    for statements in [
        include_str!("../../sql/schema_version/create_table.sql"),
        include_str!("../../migrations/0001_initial.sql"),
        "INSERT INTO schema_version (version) VALUES (1);
         INSERT INTO trace_tags VALUES (0, x'00000000000000000000000000000001', 'k', NULL);
         INSERT INTO trace_runs VALUES (0, x'00000000000000000000000000000001', 'r');
         INSERT INTO trace_prompts VALUES (0, x'00000000000000000000000000000002', 'p', '1');",
    ] {
        sqlx::raw_sql(statements).execute(&mut old).await.unwrap();
    }
    old.close().await.unwrap();
    let clock = std::sync::Arc::new(fanlight_model::SystemClock);
    let catalog = Catalog::open(&path, clock).await.unwrap();
    let loaded = catalog.load_edits().await.unwrap();
    let traces: Vec<_> = loaded.iter().map(|it| it.trace).collect();
    assert_eq!(traces, [crate::trace(1), crate::trace(2)]);
    assert_eq!(loaded[0].edits.tags["k"], None);
    assert!(loaded[0].edits.runs.contains("r"));
    assert_eq!(loaded[1].edits.prompts.len(), 1);
    assert_ne!(loaded[0].revision, loaded[1].revision);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_called_corrupt() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    std::fs::write(
        &path,
        "this is not a database, but it is long enough to be read as one: ".repeat(40),
    )
    .unwrap();
    let clock = std::sync::Arc::new(fanlight_model::SystemClock);
    let refused = Catalog::open(&path, clock).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Corrupt, "{refused:?}");
}

#[tokio::test]
async fn after_closing_nothing_is_answered() {
    let harness = Harness::start().await;
    harness.catalog.close().await;
    let refused = harness
        .catalog
        .get_experiment(ExperimentId::DEFAULT)
        .await
        .unwrap_err();
    assert!(matches!(refused, CatalogError::Database { .. }));
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
}
