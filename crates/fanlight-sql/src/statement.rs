//! Which statements are run at all: one that reads.

use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{SetExpr, Statement as Ast};
use datafusion::sql::sqlparser::dialect::GenericDialect;

use crate::SqlError;

/// A statement is text for people; a longer one is a mistake.
pub(crate) const MAX_BYTES: usize = 64 << 10;
/// Parentheses and subqueries within each other.
const MAX_DEPTH: usize = 50;

/// Parses `text`, which has to be one statement that only reads.
pub(crate) fn parse(text: &str, memory_bytes: usize) -> Result<Statement, SqlError> {
    if text.len() > MAX_BYTES {
        return Err(SqlError::TooLong {
            bytes: text.len(),
            limit: MAX_BYTES,
        });
    }
    let wrong = |error| SqlError::from_engine(error, memory_bytes);
    let dialect = GenericDialect {};
    let mut statements = DFParserBuilder::new(text)
        .with_dialect(&dialect)
        .with_recursion_limit(MAX_DEPTH)
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map_err(wrong)?;
    let found = statements.len();
    match statements.pop_front() {
        Some(statement) if found == 1 => check(&statement).map(|()| statement),
        Some(_) => Err(SqlError::ReadOnly {
            found: format!("{found} statements"),
        }),
        None => Err(SqlError::Statement("the statement is empty".to_owned())),
    }
}

fn check(statement: &Statement) -> Result<(), SqlError> {
    match statement {
        Statement::Explain(explain) => check(&explain.statement),
        Statement::Statement(ast) => check_ast(ast),
        Statement::CreateExternalTable(_) => refused("CREATE EXTERNAL TABLE"),
        Statement::CopyTo(_) => refused("COPY"),
        Statement::Reset(_) => refused("RESET"),
    }
}

fn check_ast(ast: &Ast) -> Result<(), SqlError> {
    match ast {
        Ast::Query(query) => match &*query.body {
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                refused("a change")
            }
            _ => Ok(()),
        },
        Ast::Explain { statement, .. } => check_ast(statement),
        Ast::ExplainTable { .. } | Ast::ShowTables { .. } | Ast::ShowColumns { .. } => Ok(()),
        other => {
            let text = other.to_string();
            let word = text.split_whitespace().next().unwrap_or_default();
            refused(&word.to_uppercase())
        }
    }
}

fn refused(found: &str) -> Result<(), SqlError> {
    Err(SqlError::ReadOnly {
        found: found.to_owned(),
    })
}
