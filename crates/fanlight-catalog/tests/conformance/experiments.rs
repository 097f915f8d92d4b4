use std::collections::BTreeMap;

use fanlight_catalog::{Catalog, CatalogError, Experiment, ExperimentSearch, NewExperiment, View};
use fanlight_model::{ErrorKind, ExperimentId, UnixNanos, WorkspaceId};

use crate::Harness;

fn named(name: &str) -> NewExperiment {
    NewExperiment {
        name: name.to_owned(),
        ..NewExperiment::default()
    }
}

async fn create(catalog: &Catalog, name: &str) -> Experiment {
    catalog
        .create_experiment(named(name))
        .await
        .expect("created")
}

/// Names of what is found, `Default` left out.
async fn names(catalog: &Catalog, filter: &str, order_by: &[&str]) -> Vec<String> {
    let search = ExperimentSearch {
        filter: filter.to_owned(),
        order_by: order_by.iter().copied().map(str::to_owned).collect(),
        limit: 100,
        ..ExperimentSearch::default()
    };
    let page = catalog.search_experiments(&search).await.expect("found");
    page.items
        .into_iter()
        .map(|experiment| experiment.name)
        .filter(|name| name != "Default")
        .collect()
}

#[tokio::test]
async fn ids_count_upwards_and_everything_survives_reopening() {
    let harness = Harness::start().await;
    let tags = BTreeMap::from([("team".to_owned(), "search".to_owned())]);
    let new = NewExperiment {
        tags,
        artifact_location: Some("s3://bucket/a".to_owned()),
        ..named("first")
    };
    let first = harness.catalog.create_experiment(new).await.unwrap();
    let second = create(&harness.catalog, "second").await;
    assert_eq!((first.id, second.id), (ExperimentId(1), ExperimentId(2)));
    assert_eq!(first.artifact_location, "s3://bucket/a");
    assert_eq!(second.artifact_location, "mlflow-artifacts:/2");

    let harness = harness.reopen().await;
    assert_eq!(
        harness.catalog.get_experiment(first.id).await.unwrap(),
        first
    );
    assert_eq!(
        harness
            .catalog
            .get_experiment_by_name(WorkspaceId::DEFAULT, "second")
            .await
            .unwrap(),
        second
    );
    assert_eq!(create(&harness.catalog, "third").await.id, ExperimentId(3));
}

#[tokio::test]
async fn a_name_is_taken_also_by_a_deleted_experiment() {
    let harness = Harness::start().await;
    let id = create(&harness.catalog, "one").await.id;
    let refused = harness
        .catalog
        .create_experiment(named("one"))
        .await
        .unwrap_err();
    assert_eq!(refused.to_string(), "experiment `one` already exists");
    assert_eq!(refused.kind(), ErrorKind::Conflict);

    harness.catalog.delete_experiment(id).await.unwrap();
    let refused = harness
        .catalog
        .create_experiment(named("one"))
        .await
        .unwrap_err();
    assert!(matches!(
        refused,
        CatalogError::ExperimentNameTaken { deleted: true, .. }
    ));
    let refused = harness
        .catalog
        .find_or_create_experiment(WorkspaceId::DEFAULT, "one")
        .await
        .unwrap_err();
    assert!(matches!(
        refused,
        CatalogError::ExperimentNameTaken { deleted: true, .. }
    ));
    let other = create(&harness.catalog, "two").await.id;
    let refused = harness
        .catalog
        .rename_experiment(other, "one")
        .await
        .unwrap_err();
    assert!(matches!(
        refused,
        CatalogError::ExperimentNameTaken { deleted: true, .. }
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks_that_need_one_experiment_get_one() {
    let harness = Harness::start().await;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let catalog = harness.catalog.clone();
            tokio::spawn(async move {
                catalog
                    .find_or_create_experiment(WorkspaceId::DEFAULT, "svc")
                    .await
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), ExperimentId(1));
    }
    assert_eq!(names(&harness.catalog, "", &[]).await, ["svc"]);
}

#[tokio::test]
async fn deleting_and_restoring_say_when_there_is_nothing_to_do() {
    let harness = Harness::start().await;
    let id = create(&harness.catalog, "one").await.id;
    let refused = harness.catalog.restore_experiment(id).await.unwrap_err();
    assert_eq!(
        (refused.to_string().as_str(), refused.kind()),
        ("experiment 1 is not deleted", ErrorKind::NotFound)
    );

    harness.advance_ms(7);
    harness.catalog.delete_experiment(id).await.unwrap();
    let deleted = harness.catalog.get_experiment(id).await.unwrap();
    assert!(deleted.deleted);
    assert_eq!(deleted.updated_at, UnixNanos::from_millis(1_000_007));
    let refused = harness.catalog.delete_experiment(id).await.unwrap_err();
    assert_eq!(
        (refused.to_string().as_str(), refused.kind()),
        ("experiment 1 is not active", ErrorKind::NotFound)
    );
    let refused = harness
        .catalog
        .set_experiment_tag(id, "a", "b")
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);

    harness.catalog.restore_experiment(id).await.unwrap();
    assert!(!harness.catalog.get_experiment(id).await.unwrap().deleted);
    let missing = harness
        .catalog
        .delete_experiment(ExperimentId(u64::MAX))
        .await
        .unwrap_err();
    assert_eq!(
        missing.to_string(),
        "experiment 18446744073709551615 does not exist"
    );
}

#[tokio::test]
async fn heads_follow_every_change() {
    let harness = Harness::start().await;
    let catalog = &harness.catalog;
    let id = catalog
        .find_or_create_experiment(WorkspaceId::DEFAULT, "old")
        .await
        .unwrap();
    assert_eq!(catalog.experiment_head(id).await.unwrap().name, "old");
    catalog.rename_experiment(id, "new").await.unwrap();
    assert_eq!(catalog.experiment_head(id).await.unwrap().name, "new");
    assert_eq!(
        catalog
            .find_or_create_experiment(WorkspaceId::DEFAULT, "new")
            .await
            .unwrap(),
        id
    );
    assert_ne!(
        catalog
            .find_or_create_experiment(WorkspaceId::DEFAULT, "old")
            .await
            .unwrap(),
        id
    );
    catalog.delete_experiment(id).await.unwrap();
    assert!(catalog.experiment_head(id).await.unwrap().deleted);
    catalog.restore_experiment(id).await.unwrap();
    assert!(!catalog.experiment_head(id).await.unwrap().deleted);
    assert_eq!(
        catalog
            .experiment_head(ExperimentId(99))
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn tags_are_set_replaced_and_removed() {
    let harness = Harness::start().await;
    let id = create(&harness.catalog, "one").await.id;
    harness.advance_ms(9);
    harness
        .catalog
        .set_experiment_tag(id, "k", "1")
        .await
        .unwrap();
    harness
        .catalog
        .set_experiment_tag(id, "k", "")
        .await
        .unwrap();
    let tagged = harness.catalog.get_experiment(id).await.unwrap();
    assert_eq!(
        tagged.tags,
        BTreeMap::from([("k".to_owned(), String::new())])
    );
    assert_eq!(tagged.updated_at, tagged.created_at);
    harness
        .catalog
        .delete_experiment_tag(id, "k")
        .await
        .unwrap();
    let refused = harness
        .catalog
        .delete_experiment_tag(id, "k")
        .await
        .unwrap_err();
    assert_eq!(
        (refused.to_string().as_str(), refused.kind()),
        ("tag `k` does not exist", ErrorKind::NotFound)
    );
    let refused = harness
        .catalog
        .set_experiment_tag(id, &"k".repeat(251), "")
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn filters_mean_what_they_say() {
    let harness = Harness::start().await;
    let catalog = &harness.catalog;
    for name in ["Alpha", "alpha", "a_pha", "100% sure", "100 percent"] {
        create(catalog, name).await;
        harness.advance_ms(1);
    }
    catalog
        .set_experiment_tag(ExperimentId(1), "mlflow.x y", "One")
        .await
        .unwrap();
    catalog
        .set_experiment_tag(ExperimentId(2), "mlflow.x y", "two")
        .await
        .unwrap();

    let by_id = &["experiment_id"];
    assert_eq!(names(catalog, "name = 'alpha'", by_id).await, ["alpha"]);
    assert_eq!(names(catalog, "name LIKE 'alph%'", by_id).await, ["alpha"]);
    assert_eq!(names(catalog, "name LIKE 'alpha'", by_id).await, ["alpha"]);
    assert_eq!(
        names(catalog, "name ILIKE 'ALPH%'", by_id).await,
        ["Alpha", "alpha"]
    );
    assert_eq!(
        names(catalog, "name LIKE 'a_pha'", by_id).await,
        ["alpha", "a_pha"]
    );
    assert_eq!(
        names(catalog, r"name LIKE '100\%%'", by_id).await,
        [] as [&str; 0]
    );
    assert_eq!(
        names(catalog, "attribute.name LIKE '%0% %e'", by_id).await,
        ["100% sure"]
    );
    assert_eq!(
        names(catalog, "experiment_id = '2'", by_id).await,
        ["alpha"]
    );
    assert_eq!(
        names(
            catalog,
            "creation_time >= 1000003 AND last_update_time < 1000004",
            by_id
        )
        .await,
        ["100% sure"]
    );
    assert_eq!(
        names(catalog, "tags.`mlflow.x y` != 'One'", by_id).await,
        ["alpha"]
    );
    assert_eq!(
        names(catalog, "tags.`mlflow.x y` ILIKE 'o%'", by_id).await,
        ["Alpha"]
    );
    assert_eq!(
        names(catalog, "tags.`mlflow.x y` IS NOT NULL", by_id).await,
        ["Alpha", "alpha"]
    );
    assert_eq!(
        names(
            catalog,
            "tags.\"mlflow.x y\" IS NULL AND name LIKE 'a%'",
            by_id
        )
        .await,
        ["a_pha"]
    );
    assert_eq!(
        names(catalog, "", &[]).await,
        ["100 percent", "100% sure", "a_pha", "alpha", "Alpha"]
    );
    assert_eq!(
        names(catalog, "", &["name DESC"]).await,
        ["alpha", "a_pha", "Alpha", "100% sure", "100 percent"]
    );
}

#[tokio::test]
async fn hostile_names_and_filters_are_only_text() {
    let harness = Harness::start().await;
    let catalog = &harness.catalog;
    let name = "x'); DROP TABLE experiments; --";
    let id = create(catalog, name).await.id;
    catalog
        .set_experiment_tag(id, "k' OR '1'='1", "v\"; --")
        .await
        .unwrap();
    assert_eq!(
        catalog
            .get_experiment_by_name(WorkspaceId::DEFAULT, name)
            .await
            .unwrap()
            .id,
        id
    );
    assert_eq!(
        names(catalog, &format!("name = \"{name}\""), &[]).await,
        [name]
    );
    assert_eq!(
        names(catalog, "name = \"' OR 1=1 --\"", &[]).await,
        [] as [&str; 0]
    );
    assert_eq!(
        names(catalog, "tags.`k' OR '1'='1` LIKE 'v%'", &[]).await,
        [name]
    );
    let search = ExperimentSearch {
        filter: "name = 'a' OR 1=1 --".to_owned(),
        ..ExperimentSearch::default()
    };
    assert_eq!(
        catalog
            .search_experiments(&search)
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::InvalidInput
    );
    let search = ExperimentSearch {
        order_by: vec!["name; DROP TABLE runs".to_owned()],
        ..search
    };
    assert_eq!(
        catalog
            .search_experiments(&search)
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::InvalidInput
    );
}

#[tokio::test]
async fn views_show_active_or_deleted_experiments() {
    let harness = Harness::start().await;
    create(&harness.catalog, "kept").await;
    let gone = create(&harness.catalog, "gone").await.id;
    harness.catalog.delete_experiment(gone).await.unwrap();
    for (view, expected) in [
        (View::Active, vec![0, 1]),
        (View::Deleted, vec![2]),
        (View::All, vec![0, 1, 2]),
    ] {
        let search = ExperimentSearch {
            view,
            limit: 10,
            ..ExperimentSearch::default()
        };
        let found = harness.catalog.search_experiments(&search).await.unwrap();
        assert_eq!(
            found
                .items
                .iter()
                .map(|experiment| experiment.id.0)
                .collect::<Vec<_>>(),
            expected
        );
    }
}

#[tokio::test]
async fn pages_neither_repeat_nor_skip_while_experiments_are_added() {
    let harness = Harness::start().await;
    for number in 1..=10 {
        create(&harness.catalog, &format!("e{number}")).await;
        // Pairs of one age: the id decides between them.
        harness.advance_ms(number % 2);
    }
    let mut search = ExperimentSearch {
        limit: 3,
        ..ExperimentSearch::default()
    };
    let mut seen = Vec::new();
    for round in 0.. {
        let page = harness.catalog.search_experiments(&search).await.unwrap();
        seen.extend(page.items.iter().map(|experiment| experiment.id.0));
        harness.advance_ms(1);
        create(&harness.catalog, &format!("late{round}")).await;
        search.page_token = page.next;
        if search.page_token.is_none() {
            break;
        }
    }
    assert_eq!(seen, [10, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1]);
}

#[tokio::test]
async fn page_tokens_that_do_not_fit_are_refused() {
    let harness = Harness::start().await;
    let mut search = ExperimentSearch {
        limit: 1,
        ..ExperimentSearch::default()
    };
    search.page_token = harness
        .catalog
        .search_experiments(&search)
        .await
        .unwrap()
        .next;
    search.order_by = vec!["name".to_owned()];
    let refused = harness
        .catalog
        .search_experiments(&search)
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    for token in ["rubbish", "e30", "eyJvIjoibmFtZSIsInYiOltdfQ", "é"] {
        search.page_token = Some(token.to_owned());
        let refused = harness
            .catalog
            .search_experiments(&search)
            .await
            .unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("page token `{token}` is not valid")
        );
    }
    search.page_token = Some(String::new());
    assert_eq!(
        harness
            .catalog
            .search_experiments(&search)
            .await
            .unwrap()
            .items
            .len(),
        1
    );
}
