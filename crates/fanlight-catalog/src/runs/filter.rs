//! What keys mean in filters and orders of runs.

use crate::error::shortened;
use crate::filter::sql::{
    EntryTable, Sql, push_entry_test, push_integer_test, push_number_test, push_text_test,
};
use crate::filter::{
    Comparison, Direction, Field, FilterError, Op, Order, TextTest, parse, parse_order,
};
use crate::page::{Kind, SortColumn};

const ENTITIES: &str = "attributes, metrics, params, tags, datasets";
const ATTRIBUTES: &str = "run_id, run_name, status, user_id, artifact_uri, start_time, end_time";
const DATASET_KEYS: &str = "name, digest, context";

const PARAMS: EntryTable = EntryTable {
    table: "run_params",
    owner: "run_id",
    outer: "r.id",
};
const TAGS: EntryTable = EntryTable {
    table: "run_tags",
    owner: "run_id",
    outer: "r.id",
};

/// One condition on runs. Columns are our own text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    Text(&'static str, TextTest),
    Time(&'static str, Op, i64),
    Metric(String, Op, f64),
    Param(String, TextTest),
    Tag(String, TextTest),
    Dataset(&'static str, TextTest),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entity {
    Attribute,
    Metric,
    Param,
    Tag,
    Dataset,
}

fn entity(field: &Field) -> Result<Entity, FilterError> {
    match field.entity.as_deref() {
        None | Some("attribute" | "attributes" | "attr" | "run") => Ok(Entity::Attribute),
        Some("metric" | "metrics") => Ok(Entity::Metric),
        Some("param" | "params" | "parameter" | "parameters") => Ok(Entity::Param),
        Some("tag" | "tags") => Ok(Entity::Tag),
        Some("dataset" | "datasets") => Ok(Entity::Dataset),
        Some(entity) => Err(FilterError::UnknownEntity {
            entity: shortened(entity),
            valid: ENTITIES,
        }),
    }
}

/// Column and kind of an attribute. The columns of the run table of `MLflow` (`Created`, `Run Name`) are names too.
fn attribute(key: &str) -> Result<(&'static str, Kind), FilterError> {
    match key.to_lowercase().replace(' ', "_").as_str() {
        "run_id" => Ok(("r.id", Kind::Text)),
        "run_name" => Ok(("r.name", Kind::Text)),
        "status" => Ok(("r.status", Kind::Text)),
        "user_id" | "user" => Ok(("r.user_id", Kind::Text)),
        "artifact_uri" => Ok(("r.artifact_uri", Kind::Text)),
        "start_time" | "created" => Ok(("r.start_ms", Kind::Integer)),
        "end_time" => Ok(("r.end_ms", Kind::Integer)),
        _ => Err(FilterError::UnknownKey {
            key: shortened(key),
            valid: ATTRIBUTES,
        }),
    }
}

pub(super) fn conditions(filter: &str) -> Result<Vec<Condition>, FilterError> {
    parse(filter)?.into_iter().map(condition).collect()
}

fn condition(comparison: Comparison) -> Result<Condition, FilterError> {
    let key = comparison.field.key.clone();
    match entity(&comparison.field)? {
        Entity::Attribute => match attribute(&key)? {
            (column, Kind::Integer) => comparison
                .into_integer_test()
                .map(|(op, ms)| Condition::Time(column, op, ms)),
            (column, _) => {
                let allowed = if column == "r.id" {
                    Op::LISTED
                } else {
                    Op::TEXT
                };
                Ok(Condition::Text(column, comparison.into_text_test(allowed)?))
            }
        },
        Entity::Metric => comparison
            .into_number_test()
            .map(|(op, number)| Condition::Metric(key, op, number)),
        Entity::Param => Ok(Condition::Param(key, comparison.into_text_test(Op::ENTRY)?)),
        Entity::Tag => Ok(Condition::Tag(key, comparison.into_text_test(Op::ENTRY)?)),
        Entity::Dataset => {
            let column = match key.as_str() {
                "name" => "d.name",
                "digest" => "d.digest",
                "context" => "t.value",
                _ => {
                    return Err(FilterError::UnknownKey {
                        key: shortened(&key),
                        valid: DATASET_KEYS,
                    });
                }
            };
            Ok(Condition::Dataset(
                column,
                comparison.into_text_test(Op::LISTED)?,
            ))
        }
    }
}

impl Condition {
    pub(super) fn push(&self, sql: &mut Sql) {
        match self {
            Self::Text(column, test) => push_text_test(sql, column, test),
            Self::Time(column, op, ms) => push_integer_test(sql, column, *op, *ms),
            Self::Metric(key, op, number) => {
                sql.push(
                    "EXISTS (SELECT 1 FROM run_latest_metrics m WHERE m.run_id = r.id AND m.key = ",
                );
                sql.push_bind(key.clone()).push(" AND m.is_nan = 0 AND ");
                push_number_test(sql, "m.value", *op, *number);
                sql.push(")");
            }
            Self::Param(key, test) => push_entry_test(sql, PARAMS, key, test),
            Self::Tag(key, test) => push_entry_test(sql, TAGS, key, test),
            Self::Dataset(column, test) => {
                sql.push(
                    "EXISTS (SELECT 1 FROM run_datasets rd JOIN datasets d ON d.id = rd.dataset_id \
                     LEFT JOIN run_dataset_tags t ON t.run_id = rd.run_id AND t.dataset_id = rd.dataset_id \
                     AND t.key = 'mlflow.data.context' WHERE rd.run_id = r.id AND ",
                );
                push_text_test(sql, column, test);
                sql.push(")");
            }
        }
    }
}

/// An order, and the tables it needs beside the runs.
#[derive(Debug, Default)]
pub(super) struct Sorting {
    pub(super) columns: Vec<SortColumn>,
    joins: Vec<Join>,
}

/// The entry named `key` of each run, as table `o<place>`.
#[derive(Debug)]
struct Join {
    table: &'static str,
    key: String,
}

impl Sorting {
    /// Ends with newest first and the run id, so that no two runs are equal.
    pub(super) fn parse(order_by: &[String]) -> Result<Self, FilterError> {
        let mut sorting = Self::default();
        for order in parse_order(order_by)? {
            sorting.add(order)?;
        }
        sorting.columns.push(SortColumn::new(
            "r.start_ms",
            Kind::Integer,
            Direction::Descending,
        ));
        sorting
            .columns
            .push(SortColumn::new("r.id", Kind::Text, Direction::Ascending));
        Ok(sorting)
    }

    fn add(&mut self, order: Order) -> Result<(), FilterError> {
        let Order { field, direction } = order;
        match entity(&field)? {
            Entity::Attribute => {
                let (column, kind) = attribute(&field.key)?;
                if column == "r.end_ms" {
                    self.columns.push(SortColumn::nulls_last(column));
                }
                self.columns.push(SortColumn::new(column, kind, direction));
            }
            Entity::Metric => {
                let table = self.join("run_latest_metrics", field.key);
                // Numbers, then NaN, then runs without the metric, in both directions.
                let rank = format!(
                    "CASE WHEN {table}.value IS NULL THEN 2 WHEN {table}.is_nan <> 0 THEN 1 ELSE 0 END"
                );
                self.columns
                    .push(SortColumn::new(rank, Kind::Integer, Direction::Ascending));
                self.columns.push(SortColumn::new(
                    format!("{table}.value"),
                    Kind::Real,
                    direction,
                ));
            }
            Entity::Param => self.add_entry("run_params", field.key, direction),
            Entity::Tag => self.add_entry("run_tags", field.key, direction),
            Entity::Dataset => {
                return Err(FilterError::UnknownEntity {
                    entity: "datasets".to_owned(),
                    valid: "attributes, metrics, params, tags",
                });
            }
        }
        Ok(())
    }

    fn add_entry(&mut self, table: &'static str, key: String, direction: Direction) {
        let column = format!("{}.value", self.join(table, key));
        self.columns.push(SortColumn::nulls_last(&column));
        self.columns
            .push(SortColumn::new(column, Kind::Text, direction));
    }

    /// The alias of the joined table.
    fn join(&mut self, table: &'static str, key: String) -> String {
        self.joins.push(Join { table, key });
        format!("o{}", self.joins.len() - 1)
    }

    pub(super) fn push_joins(&self, sql: &mut Sql) {
        for (place, Join { table, key }) in self.joins.iter().enumerate() {
            sql.push(format_args!(
                " LEFT JOIN {table} o{place} ON o{place}.run_id = r.id AND o{place}.key = "
            ));
            sql.push_bind(key.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(filter: &str) -> String {
        conditions(filter).unwrap_err().to_string()
    }

    #[test]
    fn keys_have_the_names_mlflow_clients_use() {
        let text = |value: &str| TextTest::Compare(Op::Eq, value.to_owned());
        assert_eq!(
            conditions(
                "attr.`Run Name` = 'a' AND run.status = 'FAILED' AND Created > 5 AND param.x = '1'"
            )
            .unwrap(),
            [
                Condition::Text("r.name", text("a")),
                Condition::Text("r.status", text("FAILED")),
                Condition::Time("r.start_ms", Op::Gt, 5),
                Condition::Param("x".to_owned(), text("1")),
            ]
        );
    }

    #[test]
    fn refused_filters_name_what_is_valid() {
        assert_eq!(
            refused("experiment_id = '1'"),
            "unknown key `experiment_id`; valid ones are run_id, run_name, status, user_id, artifact_uri, \
             start_time, end_time"
        );
        assert_eq!(
            refused("feedback.a = '1'"),
            "unknown filter entity `feedback`; valid ones are attributes, metrics, params, tags, datasets"
        );
        assert_eq!(
            refused("status IN ('FAILED')"),
            "operator IN cannot be used with `status`; valid ones are =, !=, LIKE, ILIKE"
        );
        assert_eq!(
            refused("metrics.a = '1'"),
            "`a` is compared with a number, not with the text '1'"
        );
        assert_eq!(
            refused("datasets.a = '1'"),
            "unknown key `a`; valid ones are name, digest, context"
        );
        assert_eq!(
            Sorting::parse(&["datasets.name".to_owned()])
                .unwrap_err()
                .to_string(),
            "unknown filter entity `datasets`; valid ones are attributes, metrics, params, tags"
        );
    }
}
