//! `key [ASC|DESC]`.

use super::parse::parse_field;
use super::{Field, FilterError, MAX_ORDER_KEYS};
use crate::error::shortened;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Ascending,
    Descending,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) field: Field,
    pub(crate) direction: Direction,
}

pub(crate) fn parse_order(texts: &[String]) -> Result<Vec<Order>, FilterError> {
    if texts.len() > MAX_ORDER_KEYS {
        return Err(FilterError::TooMany {
            what: "keys to order by",
            limit: MAX_ORDER_KEYS,
        });
    }
    let mut orders: Vec<Order> = Vec::with_capacity(texts.len());
    for text in texts {
        let order = parse_one(text)?;
        if orders.iter().any(|known| known.field == order.field) {
            return Err(FilterError::RepeatedOrder(shortened(text)));
        }
        orders.push(order);
    }
    Ok(orders)
}

fn parse_one(text: &str) -> Result<Order, FilterError> {
    let text = text.trim();
    let (key, direction) = match text.rsplit_once(char::is_whitespace) {
        Some((key, word)) if word.eq_ignore_ascii_case("ASC") => (key, Direction::Ascending),
        Some((key, word)) if word.eq_ignore_ascii_case("DESC") => (key, Direction::Descending),
        _ => (text, Direction::Ascending),
    };
    let field = parse_field(key).map_err(|_| FilterError::BadOrder(shortened(text)))?;
    Ok(Order { field, direction })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(texts: &[&str]) -> String {
        let texts: Vec<_> = texts.iter().copied().map(str::to_owned).collect();
        parse_order(&texts).unwrap_err().to_string()
    }

    #[test]
    fn the_direction_is_optional_and_in_any_case() {
        let texts = ["name".to_owned(), "metrics.`a desc` desc".to_owned()];
        let orders = parse_order(&texts).unwrap();
        assert_eq!(orders[0].direction, Direction::Ascending);
        assert_eq!(
            orders[1].field,
            Field {
                entity: Some("metrics".into()),
                key: "a desc".into()
            }
        );
        assert_eq!(orders[1].direction, Direction::Descending);
    }

    #[test]
    fn texts_that_are_not_orders_say_so() {
        let hint = "is not an order; expected a key, then optionally ASC or DESC";
        assert_eq!(refused(&["name, id"]), format!("`name, id` {hint}"));
        assert_eq!(
            refused(&["name DESC NULLS LAST"]),
            format!("`name DESC NULLS LAST` {hint}")
        );
        assert_eq!(refused(&[""]), format!("`` {hint}"));
        assert_eq!(
            refused(&["name", "name DESC"]),
            "results are ordered by `name DESC` twice"
        );
    }
}
