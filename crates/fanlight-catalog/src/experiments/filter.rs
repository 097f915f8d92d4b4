//! What keys mean in filters and orders of experiments.

use crate::Result;
use crate::filter::sql::{EntryTable, Sql, push_entry_test, push_integer_test, push_text_test};
use crate::filter::{Comparison, Direction, Field, FilterError, Op, TextTest, parse, parse_order};
use crate::page::{Kind, SortColumn};

const ENTITIES: &str = "attribute, tags";
const KEYS: &str = "name, experiment_id, creation_time, last_update_time, tags.<key>";
const ORDER_KEYS: &str = "name, experiment_id, creation_time, last_update_time";

const TAGS: EntryTable = EntryTable {
    table: "experiment_tags",
    owner: "experiment_id",
    outer: "e.id",
};

/// One condition on experiments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Name(TextTest),
    /// Ids are compared as text, as LIKE needs it.
    Id(TextTest),
    CreatedMs(Op, i64),
    UpdatedMs(Op, i64),
    Tag(String, TextTest),
}

pub(super) fn conditions(filter: &str) -> Result<Vec<Condition>, FilterError> {
    parse(filter)?.into_iter().map(condition).collect()
}

fn condition(comparison: Comparison) -> Result<Condition, FilterError> {
    let key = comparison.field.key.clone();
    if entity(&comparison.field)? == Entity::Tag {
        return Ok(Condition::Tag(key, comparison.into_text_test(Op::ENTRY)?));
    }
    match key.as_str() {
        "name" => Ok(Condition::Name(comparison.into_text_test(Op::TEXT)?)),
        "experiment_id" => Ok(Condition::Id(comparison.into_text_test(Op::TEXT)?)),
        "creation_time" => comparison
            .into_integer_test()
            .map(|(op, ms)| Condition::CreatedMs(op, ms)),
        "last_update_time" => comparison
            .into_integer_test()
            .map(|(op, ms)| Condition::UpdatedMs(op, ms)),
        _ => Err(FilterError::UnknownKey { key, valid: KEYS }),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entity {
    Attribute,
    Tag,
}

fn entity(field: &Field) -> Result<Entity, FilterError> {
    match field.entity.as_deref() {
        None | Some("attribute" | "attributes" | "attr") => Ok(Entity::Attribute),
        Some("tag" | "tags") => Ok(Entity::Tag),
        Some(entity) => Err(FilterError::UnknownEntity {
            entity: crate::error::shortened(entity),
            valid: ENTITIES,
        }),
    }
}

impl Condition {
    pub(super) fn push(&self, sql: &mut Sql) {
        match self {
            Self::Name(test) => push_text_test(sql, "e.name", test),
            Self::Id(test) => push_text_test(sql, "CAST(e.id AS TEXT)", test),
            Self::CreatedMs(op, ms) => push_integer_test(sql, "e.created_ms", *op, *ms),
            Self::UpdatedMs(op, ms) => push_integer_test(sql, "e.updated_ms", *op, *ms),
            Self::Tag(key, test) => push_entry_test(sql, TAGS, key, test),
        }
    }
}

/// The columns that order a search; the id comes last, so that no two experiments are equal.
pub(super) fn sort_columns(order_by: &[String]) -> Result<Vec<SortColumn>, FilterError> {
    let mut columns = Vec::new();
    for order in parse_order(order_by)? {
        let key = order.field.key.as_str();
        let (column, kind) = match (entity(&order.field)?, key) {
            (Entity::Attribute, "name") => ("e.name", Kind::Text),
            (Entity::Attribute, "experiment_id") => ("e.id", Kind::Integer),
            (Entity::Attribute, "creation_time") => ("e.created_ms", Kind::Integer),
            (Entity::Attribute, "last_update_time") => ("e.updated_ms", Kind::Integer),
            _ => {
                let key = crate::error::shortened(key);
                return Err(FilterError::UnknownKey {
                    key,
                    valid: ORDER_KEYS,
                });
            }
        };
        columns.push(SortColumn::new(column, kind, order.direction));
    }
    if columns.is_empty() {
        columns.push(SortColumn::new(
            "e.created_ms",
            Kind::Integer,
            Direction::Descending,
        ));
    }
    columns.push(SortColumn::new("e.id", Kind::Integer, Direction::Ascending));
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(filter: &str) -> String {
        let mut sql = Sql::new("");
        for condition in conditions(filter).unwrap() {
            condition.push(&mut sql);
            sql.push("\n");
        }
        sql.into_string()
    }

    fn refused(filter: &str) -> String {
        conditions(filter).unwrap_err().to_string()
    }

    #[test]
    fn user_text_is_bound_and_never_part_of_the_statement() {
        assert_eq!(
            sql("name ILIKE '%x''; DROP%' AND tags.`k' OR 1=1` != 'v' AND tags.a IS NULL AND creation_time >= 5"
                .replace("''", "\"")
                .as_str()),
            "lower(e.name) LIKE lower(?)\n\
             EXISTS (SELECT 1 FROM experiment_tags entry WHERE entry.experiment_id = e.id AND entry.key = ? \
             AND entry.value <> ?)\n\
             NOT EXISTS (SELECT 1 FROM experiment_tags entry WHERE entry.experiment_id = e.id AND entry.key = ?)\n\
             e.created_ms >= ?\n"
        );
    }

    #[test]
    fn refused_filters_name_what_is_valid() {
        assert_eq!(
            refused("nme = 'a'"),
            "unknown key `nme`; valid ones are name, experiment_id, creation_time, last_update_time, tags.<key>"
        );
        assert_eq!(
            refused("params.a = 'a'"),
            "unknown filter entity `params`; valid ones are attribute, tags"
        );
        assert_eq!(
            refused("name IN ('a')"),
            "operator IN cannot be used with `name`; valid ones are =, !=, LIKE, ILIKE"
        );
        assert_eq!(
            refused("tags.a RLIKE 'a'"),
            "operator RLIKE cannot be used with `a`; valid ones are =, !=, LIKE, ILIKE, IS NULL, IS NOT NULL"
        );
        assert_eq!(
            refused("name = 5"),
            "`name` is compared with a quoted text, not with the number 5"
        );
        assert_eq!(
            refused("creation_time > '5'"),
            "`creation_time` is compared with an integer, not with the text '5'"
        );
        assert_eq!(
            refused("creation_time > 99999999999999999999"),
            "`creation_time` is compared with an integer, not with the number 99999999999999999999"
        );
        let long = format!("name LIKE '{}'", "%a".repeat(101));
        assert_eq!(
            refused(&long),
            "the pattern for `name` is longer than 20000 bytes or has more than 100 `%`"
        );
    }

    #[test]
    fn tags_cannot_order() {
        let refused = sort_columns(&["tags.a".to_owned()])
            .unwrap_err()
            .to_string();
        assert_eq!(
            refused,
            "unknown key `a`; valid ones are name, experiment_id, creation_time, last_update_time"
        );
    }
}
