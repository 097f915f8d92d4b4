//! Tests of single columns as SQL. The columns are our own text; every value is bound.

use sqlx::{QueryBuilder, Sqlite};

use super::{Op, TextTest};

/// A statement under construction.
pub(crate) type Sql = QueryBuilder<Sqlite>;

/// The operator between two scalars. ILIKE needs more than an operator: see [`push_text_test`].
fn infix(op: Op) -> &'static str {
    match op {
        Op::Ne => " <> ",
        Op::Lt => " < ",
        Op::Le => " <= ",
        Op::Gt => " > ",
        Op::Ge => " >= ",
        Op::Like | Op::ILike => " LIKE ",
        // The others are rendered elsewhere or refused when a filter is read.
        Op::Eq | Op::RLike | Op::In | Op::NotIn | Op::IsNull | Op::IsNotNull => " = ",
    }
}

/// LIKE minds case because every connection says so; ILIKE folds ASCII letters only, which is all the database can.
pub(crate) fn push_text_test(sql: &mut Sql, column: &str, test: &TextTest) {
    match test {
        TextTest::Compare(Op::ILike, value) => {
            sql.push("lower(")
                .push(column)
                .push(") LIKE lower(")
                .push_bind(value.clone())
                .push(")");
        }
        TextTest::Compare(op, value) => {
            sql.push(column).push(infix(*op)).push_bind(value.clone());
        }
        TextTest::In { negated, values } => {
            sql.push(column)
                .push(if *negated { " NOT IN (" } else { " IN (" });
            let mut list = sql.separated(", ");
            for value in values {
                list.push_bind(value.clone());
            }
            sql.push(")");
        }
        TextTest::Missing { negated } => {
            sql.push(column)
                .push(if *negated { " IS NOT NULL" } else { " IS NULL" });
        }
    }
}

pub(crate) fn push_integer_test(sql: &mut Sql, column: &str, op: Op, value: i64) {
    sql.push(column).push(infix(op)).push_bind(value);
}

pub(crate) fn push_number_test(sql: &mut Sql, column: &str, op: Op, value: f64) {
    sql.push(column).push(infix(op)).push_bind(value);
}

/// Where the entries of a thing are kept: tags of an experiment, parameters of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntryTable {
    pub(crate) table: &'static str,
    /// The column that names the owner.
    pub(crate) owner: &'static str,
    /// The owner's own column in the outer statement.
    pub(crate) outer: &'static str,
}

/// A thing without the entry matches IS NULL only, not `!=`.
pub(crate) fn push_entry_test(sql: &mut Sql, entries: EntryTable, key: &str, test: &TextTest) {
    let EntryTable {
        table,
        owner,
        outer,
    } = entries;
    if matches!(test, TextTest::Missing { negated: false }) {
        sql.push("NOT ");
    }
    sql.push(format_args!(
        "EXISTS (SELECT 1 FROM {table} entry WHERE entry.{owner} = {outer} AND entry.key = "
    ));
    sql.push_bind(key.to_owned());
    if !matches!(test, TextTest::Missing { .. }) {
        sql.push(" AND ");
        push_text_test(sql, "entry.value", test);
    }
    sql.push(")");
}
