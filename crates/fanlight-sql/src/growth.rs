//! Refuses statements that multiply texts again and again.
//!
//! The memory of a query is counted where rows are gathered, but not within one expression: `x || x` of `x || x` of …
//! thirty times is a gigabyte made of one letter. So a statement may make a text only so many times as long as what it
//! starts from.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, Operator};

use crate::SqlError;

/// Ordinary statements join some texts, not hundreds.
const MOST: f64 = 256.0;

/// Functions whose result has all of their arguments in it.
const JOINING: [&str; 12] = [
    "concat",
    "concat_ws",
    "overlay",
    "make_array",
    "array_append",
    "array_prepend",
    "array_concat",
    "array_union",
    "array_to_string",
    "named_struct",
    "struct",
    "map",
];

pub(crate) fn check(plan: &LogicalPlan) -> Result<(), SqlError> {
    if of_plan(plan) <= MOST {
        Ok(())
    } else {
        let message = "the statement can make a text more than 256 times as long as it is: join fewer texts, and replace \
                       by short literals only";
        Err(SqlError::Statement(message.to_owned()))
    }
}

/// How many times as long as what is stored a text of a plan may be: the product along its path.
fn of_plan(plan: &LogicalPlan) -> f64 {
    let inputs = plan.inputs().into_iter().map(of_plan).fold(1.0, f64::max);
    let mut own: f64 = 1.0;
    let visited = plan.apply_expressions(|expression| {
        own = own.max(of_expression(expression));
        Ok(TreeNodeRecursion::Continue)
    });
    if visited.is_err() {
        return f64::INFINITY;
    }
    inputs * own
}

fn of_expression(expression: &Expr) -> f64 {
    match expression {
        // Its length is part of the statement's.
        Expr::Literal(..) => 0.0,
        Expr::BinaryExpr(binary) if binary.op == Operator::StringConcat => {
            of_expression(&binary.left) + of_expression(&binary.right)
        }
        Expr::ScalarFunction(call) if JOINING.contains(&call.name()) => {
            call.args.iter().map(of_expression).sum()
        }
        Expr::ScalarFunction(call) if matches!(call.name(), "replace" | "regexp_replace") => {
            let arguments = call.args.iter().map(of_expression).fold(0.0, f64::max);
            arguments * of_replacement(call.name(), &call.args)
        }
        Expr::ScalarSubquery(subquery) => of_plan(&subquery.subquery),
        other => {
            let mut most: f64 = 0.0;
            let visited = other.apply_children(|child| {
                most = most.max(of_expression(child));
                Ok(TreeNodeRecursion::Continue)
            });
            match visited {
                Ok(_) if matches!(other, Expr::Column(_) | Expr::OuterReferenceColumn(..)) => 1.0,
                Ok(_) => most,
                Err(_) => f64::INFINITY,
            }
        }
    }
}

/// How many times as long replacing makes a text.
fn of_replacement(function: &str, arguments: &[Expr]) -> f64 {
    let length = |place: usize| match arguments.get(place) {
        Some(Expr::Literal(value, _)) => value.try_as_str().flatten().map(str::len),
        _ => None,
    };
    // Of a column nobody knows how long its texts are.
    let Some(to) = length(2) else {
        return f64::INFINITY;
    };
    let from = match length(1) {
        Some(from) if function == "replace" => from.max(1),
        // A pattern may match everywhere.
        _ => 1,
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "lengths of a statement's literals"
    )]
    let times = to as f64 / from as f64;
    if function == "replace" {
        times.max(1.0)
    } else {
        1.0 + times
    }
}
