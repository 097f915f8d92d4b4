use std::collections::BTreeMap;

use fanlight_catalog::{
    Catalog, CatalogError, Dataset, DatasetInput, DatasetSummary, LogBatch, Metric, NewRun, Run,
    RunInputs, RunSearch, RunStatus, RunUpdate, View,
};
use fanlight_model::{ErrorKind, ExperimentId, UnixNanos};

use crate::Harness;

fn named(name: &str) -> NewRun {
    NewRun {
        name: Some(name.to_owned()),
        ..NewRun::default()
    }
}

async fn create(catalog: &Catalog, name: &str) -> Run {
    catalog.create_run(named(name)).await.expect("created")
}

fn metric(key: &str, value: f64, timestamp_ms: i64, step: i64) -> Metric {
    Metric {
        key: key.to_owned(),
        value,
        timestamp_ms,
        step,
        ..Metric::default()
    }
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

fn search(filter: &str, order_by: &[&str]) -> RunSearch {
    RunSearch {
        experiments: vec![ExperimentId::DEFAULT],
        filter: filter.to_owned(),
        order_by: order_by.iter().copied().map(str::to_owned).collect(),
        limit: 100,
        ..RunSearch::default()
    }
}

async fn names(catalog: &Catalog, filter: &str, order_by: &[&str]) -> Vec<String> {
    let page = catalog
        .search_runs(&search(filter, order_by))
        .await
        .expect("found");
    page.items.into_iter().map(|run| run.info.name).collect()
}

#[tokio::test]
async fn a_run_lives_and_survives_reopening() {
    let harness = Harness::start().await;
    let tags = BTreeMap::from([pair("team", "search")]);
    let new = NewRun {
        user_id: "ann".to_owned(),
        tags,
        start: Some(UnixNanos::from_millis(5)),
        ..named("first")
    };
    let run = harness.catalog.create_run(new).await.unwrap();
    assert_eq!(run.info.id.len(), 32);
    assert_eq!(run.info.status, RunStatus::Running);
    assert_eq!(
        run.info.artifact_uri,
        format!("mlflow-artifacts:/0/{}/artifacts", run.info.id)
    );
    assert_eq!(
        run.data.tags,
        BTreeMap::from([pair("mlflow.runName", "first"), pair("team", "search")])
    );

    let update = RunUpdate {
        status: Some(RunStatus::Finished),
        end: Some(UnixNanos::from_millis(9)),
        name: Some("renamed".to_owned()),
    };
    let info = harness
        .catalog
        .update_run(&run.info.id, update)
        .await
        .unwrap();
    let harness = harness.reopen().await;
    let read = harness.catalog.get_run(&run.info.id).await.unwrap();
    assert_eq!(read.info, info);
    assert_eq!(
        (info.name.as_str(), info.status),
        ("renamed", RunStatus::Finished)
    );
    assert_eq!(
        (info.start, info.end),
        (UnixNanos::from_millis(5), Some(UnixNanos::from_millis(9)))
    );
    assert_eq!(read.data.tags["mlflow.runName"], "renamed");
}

#[tokio::test]
async fn a_run_without_a_name_gets_one() {
    let harness = Harness::start().await;
    let run = harness.catalog.create_run(NewRun::default()).await.unwrap();
    assert_eq!(run.info.name.split('-').count(), 3);
    assert_eq!(run.data.tags["mlflow.runName"], run.info.name);
    let tags = BTreeMap::from([pair("mlflow.runName", "from the tag")]);
    let run = harness
        .catalog
        .create_run(NewRun {
            tags,
            ..NewRun::default()
        })
        .await
        .unwrap();
    assert_eq!(run.info.name, "from the tag");
    harness
        .catalog
        .set_run_tag(&run.info.id, "mlflow.runName", "new")
        .await
        .unwrap();
    assert_eq!(
        harness
            .catalog
            .get_run(&run.info.id)
            .await
            .unwrap()
            .info
            .name,
        "new"
    );
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let harness = Harness::start().await;
    let new = NewRun {
        experiment: ExperimentId(7),
        ..NewRun::default()
    };
    let refused = harness.catalog.create_run(new).await.unwrap_err();
    assert_eq!(
        (refused.to_string().as_str(), refused.kind()),
        ("experiment 7 does not exist", ErrorKind::NotFound)
    );
    let refused = harness.catalog.get_run("nope").await.unwrap_err();
    assert_eq!(
        (refused.to_string().as_str(), refused.kind()),
        ("run `nope` does not exist", ErrorKind::NotFound)
    );
    let refused = harness.catalog.delete_run("nope").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
    let id = create(&harness.catalog, "a").await.info.id;
    let refused = harness.catalog.delete_run_tag(&id, "k").await.unwrap_err();
    assert_eq!(refused.to_string(), "tag `k` does not exist");
}

#[tokio::test]
async fn the_latest_metric_is_the_greatest_by_step_time_and_value() {
    let harness = Harness::start().await;
    let id = create(&harness.catalog, "a").await.info.id;
    let metrics = vec![
        metric("loss", 3.0, 20, 1),
        metric("loss", 9.0, 10, 1),
        metric("loss", 4.0, 20, 1),
        metric("loss", 4.0, 20, 1),
        metric("high", f64::INFINITY, 1, 0),
        metric("low", f64::NEG_INFINITY, 1, 0),
        metric("nan", f64::NAN, 1, 0),
    ];
    harness
        .catalog
        .log_batch(
            &id,
            &LogBatch {
                metrics,
                ..LogBatch::default()
            },
        )
        .await
        .unwrap();
    let harness = harness.reopen().await;

    let read = harness.catalog.get_run(&id).await.unwrap().data.metrics;
    let values: Vec<_> = read
        .iter()
        .map(|metric| (metric.key.as_str(), metric.value.to_string()))
        .collect();
    let expected = [
        ("high", "inf"),
        ("loss", "4"),
        ("low", "-inf"),
        ("nan", "NaN"),
    ];
    assert_eq!(values, expected.map(|(key, value)| (key, value.to_owned())));

    let first = harness
        .catalog
        .metric_history(&id, "loss", 2, None)
        .await
        .unwrap();
    assert_eq!(
        first.items,
        [metric("loss", 9.0, 10, 1), metric("loss", 3.0, 20, 1)]
    );
    let second = harness
        .catalog
        .metric_history(&id, "loss", 2, first.next.as_deref())
        .await
        .unwrap();
    assert_eq!(second.items, [metric("loss", 4.0, 20, 1)]);
    assert_eq!(second.next, None);
    let infinite = harness
        .catalog
        .metric_history(&id, "high", 1, None)
        .await
        .unwrap();
    let behind = harness
        .catalog
        .metric_history(&id, "high", 1, infinite.next.as_deref())
        .await
        .unwrap();
    assert_eq!(behind.items, []);
}

#[tokio::test]
async fn a_refused_batch_leaves_nothing_behind() {
    let harness = Harness::start().await;
    let id = create(&harness.catalog, "a").await.info.id;
    let batch = LogBatch {
        params: vec![pair("p", "1")],
        ..LogBatch::default()
    };
    harness.catalog.log_batch(&id, &batch).await.unwrap();
    harness.catalog.log_batch(&id, &batch).await.unwrap();

    let batch = LogBatch {
        metrics: vec![metric("m", 1.0, 1, 0)],
        params: vec![pair("q", "1"), pair("p", "2")],
        tags: vec![pair("t", "1")],
    };
    let refused = harness.catalog.log_batch(&id, &batch).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "parameter `p` already has the value `1` and cannot be changed to `2`"
    );
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    let data = harness.catalog.get_run(&id).await.unwrap().data;
    assert_eq!(data.params, BTreeMap::from([pair("p", "1")]));
    assert_eq!(data.metrics, []);
    assert!(!data.tags.contains_key("t"));

    let params = (0..101)
        .map(|number| pair(&format!("p{number}"), ""))
        .collect();
    let refused = harness
        .catalog
        .log_batch(
            &id,
            &LogBatch {
                params,
                ..LogBatch::default()
            },
        )
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "101 parameters were given, more than the limit of 100"
    );
}

#[tokio::test]
async fn inputs_are_kept_once() {
    let harness = Harness::start().await;
    let id = create(&harness.catalog, "a").await.info.id;
    let dataset = Dataset {
        name: "squad".to_owned(),
        digest: "d1".to_owned(),
        source_type: "hf".to_owned(),
        source: "{}".to_owned(),
        schema: None,
        profile: Some("{\"rows\":3}".to_owned()),
    };
    let tags = BTreeMap::from([pair("mlflow.data.context", "eval")]);
    let inputs = RunInputs {
        datasets: vec![DatasetInput { dataset, tags }],
        models: vec!["m-1".to_owned()],
    };
    harness.catalog.log_inputs(&id, &inputs).await.unwrap();
    harness.catalog.log_inputs(&id, &inputs).await.unwrap();
    assert_eq!(harness.catalog.get_run(&id).await.unwrap().inputs, inputs);

    let summary = DatasetSummary {
        experiment: ExperimentId::DEFAULT,
        name: "squad".to_owned(),
        digest: "d1".to_owned(),
        context: Some("eval".to_owned()),
    };
    assert_eq!(
        harness
            .catalog
            .search_datasets(&[ExperimentId::DEFAULT])
            .await
            .unwrap(),
        [summary]
    );
    assert_eq!(
        names(
            &harness.catalog,
            "datasets.name IN ('squad', 'x') AND dataset.context = 'eval'",
            &[]
        )
        .await,
        ["a"]
    );
    assert_eq!(
        names(&harness.catalog, "datasets.digest = 'd2'", &[]).await,
        [] as [&str; 0]
    );
    assert_eq!(harness.catalog.search_datasets(&[]).await.unwrap(), []);
}

#[tokio::test]
async fn deleted_runs_are_hidden_and_refuse_changes() {
    let harness = Harness::start().await;
    let catalog = &harness.catalog;
    let id = create(catalog, "a").await.info.id;
    catalog.delete_run(&id).await.unwrap();
    catalog.delete_run(&id).await.unwrap();
    assert!(catalog.get_run(&id).await.unwrap().info.deleted);
    assert_eq!(names(catalog, "", &[]).await, [] as [&str; 0]);
    let refused = catalog.set_run_tag(&id, "k", "v").await.unwrap_err();
    assert!(matches!(refused, CatalogError::RunDeleted { .. }));
    let deleted = RunSearch {
        view: View::Deleted,
        ..search("", &[])
    };
    assert_eq!(catalog.search_runs(&deleted).await.unwrap().items.len(), 1);
    catalog.restore_run(&id).await.unwrap();
    assert_eq!(names(catalog, "", &[]).await, ["a"]);

    catalog
        .delete_experiment(ExperimentId::DEFAULT)
        .await
        .unwrap();
    assert!(catalog.get_run(&id).await.unwrap().info.deleted);
    catalog
        .restore_experiment(ExperimentId::DEFAULT)
        .await
        .unwrap();
    assert!(!catalog.get_run(&id).await.unwrap().info.deleted);
}

/// Three runs, oldest first: `a` with loss 1, `b` with loss NaN, `C` without.
async fn three_runs(harness: &Harness) {
    for (name, loss) in [("a", Some(1.0)), ("b", Some(f64::NAN)), ("C", None)] {
        let id = create(&harness.catalog, name).await.info.id;
        let metrics = loss
            .map(|loss| metric("val loss", loss, 1, 0))
            .into_iter()
            .collect();
        let params = if name == "C" {
            vec![]
        } else {
            vec![pair("model", name)]
        };
        harness
            .catalog
            .log_batch(
                &id,
                &LogBatch {
                    metrics,
                    params,
                    tags: vec![],
                },
            )
            .await
            .expect("logged");
        harness.advance_ms(1);
    }
}

#[tokio::test]
async fn filters_mean_what_they_say() {
    let harness = Harness::start().await;
    three_runs(&harness).await;
    let catalog = &harness.catalog;
    assert_eq!(names(catalog, "", &[]).await, ["C", "b", "a"]);
    assert_eq!(names(catalog, "metrics.`val loss` > 0.5", &[]).await, ["a"]);
    assert_eq!(names(catalog, "metrics.`val loss` != 5", &[]).await, ["a"]);
    assert_eq!(names(catalog, "params.model != 'a'", &[]).await, ["b"]);
    assert_eq!(names(catalog, "params.model IS NULL", &[]).await, ["C"]);
    assert_eq!(
        names(
            catalog,
            "attributes.run_name ILIKE 'c' AND status = 'RUNNING'",
            &[]
        )
        .await,
        ["C"]
    );
    assert_eq!(
        names(catalog, "run_name LIKE 'c'", &[]).await,
        [] as [&str; 0]
    );
    assert_eq!(
        names(
            catalog,
            "tags.`mlflow.runName` = 'b' AND start_time = 1000001",
            &[]
        )
        .await,
        ["b"]
    );
    assert_eq!(names(catalog, "end_time != 5", &[]).await, [] as [&str; 0]);
    let id = create(catalog, "d").await.info.id;
    assert_eq!(
        names(catalog, &format!("run_id IN ('{id}', 'x')"), &[]).await,
        ["d"]
    );
    let none = RunSearch {
        experiments: vec![],
        ..search("", &[])
    };
    assert_eq!(catalog.search_runs(&none).await.unwrap().items, []);
    let unknown = RunSearch {
        experiments: vec![ExperimentId(u64::MAX), ExperimentId(9)],
        ..search("", &[])
    };
    assert_eq!(catalog.search_runs(&unknown).await.unwrap().items, []);
}

#[tokio::test]
async fn runs_without_what_orders_them_come_last() {
    let harness = Harness::start().await;
    three_runs(&harness).await;
    for (order, expected) in [
        ("metrics.`val loss`", ["a", "b", "C"]),
        ("metrics.`val loss` DESC", ["a", "b", "C"]),
        ("params.model DESC", ["b", "a", "C"]),
        ("params.model", ["a", "b", "C"]),
        ("run_name", ["C", "a", "b"]),
        ("end_time", ["C", "b", "a"]),
        ("`Created`", ["a", "b", "C"]),
    ] {
        assert_eq!(
            names(&harness.catalog, "", &[order]).await,
            expected,
            "{order}"
        );
        let mut paged = RunSearch {
            limit: 1,
            ..search("", &[order])
        };
        for name in expected {
            let page = harness.catalog.search_runs(&paged).await.unwrap();
            assert_eq!(page.items[0].info.name, name, "{order}");
            paged.page_token = page.next;
        }
        assert_eq!(
            harness.catalog.search_runs(&paged).await.unwrap().items,
            [],
            "{order}"
        );
    }
}

#[tokio::test]
async fn the_largest_search_that_is_allowed_works() {
    let harness = Harness::start().await;
    let list = (0..10_000)
        .map(|number| format!("'{number}'"))
        .collect::<Vec<_>>()
        .join(",");
    let conditions = vec!["tags.a = 'a'"; 99].join(" AND ");
    let orders: Vec<_> = (0..16).map(|number| format!("metrics.m{number}")).collect();
    let orders: Vec<_> = orders.iter().map(String::as_str).collect();
    let mut large = search(&format!("run_id NOT IN ({list}) AND {conditions}"), &orders);
    large.experiments = (0..10_000).map(ExperimentId).collect();
    assert_eq!(harness.catalog.search_runs(&large).await.unwrap().items, []);
    large.filter = format!("run_id IN ({list}) AND run_id IN ('x')");
    let refused = harness.catalog.search_runs(&large).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the filter has more than 10000 values in lists"
    );
}
