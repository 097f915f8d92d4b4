//! Which statements are run at all: one that reads.

use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{SetExpr, Statement as Ast};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::SqlError;

/// A statement is text for people; a longer one is a mistake.
pub(crate) const MAX_BYTES: usize = 64 << 10;
/// Parentheses and subqueries within each other.
const MAX_DEPTH: usize = 50;
/// Planning takes time with the square of these, and nothing interrupts it.
const MAX_OPERATORS: usize = 1000;
/// What a SELECT or JOIN counts as.
const CLAUSE_OPERATORS: usize = 10;

/// Parses `text`, which has to be one statement that only reads.
pub(crate) fn parse(text: &str, memory_bytes: usize) -> Result<Statement, SqlError> {
    if text.len() > MAX_BYTES {
        return Err(SqlError::TooLong {
            bytes: text.len(),
            limit: MAX_BYTES,
        });
    }
    check_operators(text)?;
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

fn check_operators(text: &str) -> Result<(), SqlError> {
    // What has no tokens is told by the parser, with its place.
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, text).tokenize() else {
        return Ok(());
    };
    let operators = tokens.iter().map(weight).sum();
    if operators <= MAX_OPERATORS {
        return Ok(());
    }
    Err(SqlError::TooManyOperators {
        operators,
        limit: MAX_OPERATORS,
    })
}

fn weight(token: &Token) -> usize {
    match token {
        Token::Word(word) => match word.keyword {
            Keyword::SELECT | Keyword::JOIN => CLAUSE_OPERATORS,
            Keyword::AND | Keyword::OR | Keyword::NOT | Keyword::WHEN | Keyword::LIKE => 1,
            _ => 0,
        },
        Token::Whitespace(_)
        | Token::Comma
        | Token::Period
        | Token::LParen
        | Token::RParen
        | Token::SemiColon
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::EOF => 0,
        _ => 1,
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
