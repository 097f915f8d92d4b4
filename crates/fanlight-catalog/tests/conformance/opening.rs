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
        "the catalog has schema version 999, but this program knows versions up to 1; use a newer one"
    );
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
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
