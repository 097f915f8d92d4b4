//! Page tokens: where the next page begins, opaque to clients.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use crate::{OrderBy, QueryError, SortValue};

/// A place in an order. Traces that arrive later shift nothing: the place is a value, not a count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// The order it belongs to.
    #[serde(rename = "o")]
    order: String,
    /// Sort values of the trace at the place.
    #[serde(rename = "v")]
    pub(crate) values: Vec<SortValue>,
    /// The page begins with that trace, not after it.
    #[serde(rename = "i", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) inclusive: bool,
}

/// Longer texts are no token of ours.
const MAX_TOKEN_BYTES: usize = 64 << 10;

impl Cursor {
    pub(crate) fn new(order: &[OrderBy], values: Vec<SortValue>, inclusive: bool) -> Self {
        Self {
            order: fingerprint(order),
            values,
            inclusive,
        }
    }

    pub(crate) fn to_token(&self) -> String {
        BASE64.encode(serde_json::to_vec(self).expect("a cursor is plain data"))
    }

    /// `None` for the first page.
    pub(crate) fn from_token(
        token: Option<&str>,
        order: &[OrderBy],
    ) -> Result<Option<Self>, QueryError> {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Ok(None);
        };
        let invalid = |reason| QueryError::PageToken { reason };
        if token.len() > MAX_TOKEN_BYTES {
            return Err(invalid("it is too long"));
        }
        let bytes = BASE64
            .decode(token)
            .map_err(|_| invalid("it is not base64"))?;
        let cursor: Self = serde_json::from_slice(&bytes)
            .map_err(|_| invalid("it does not come from this server"))?;
        if cursor.order != fingerprint(order) || cursor.values.len() != order.len() {
            return Err(invalid("it belongs to another order_by"));
        }
        Ok(Some(cursor))
    }
}

fn fingerprint(order: &[OrderBy]) -> String {
    let keys: Vec<String> = order
        .iter()
        .map(|by| format!("{:?}{}", by.key, if by.descending { '-' } else { '+' }))
        .collect();
    keys.concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OrderKey;

    #[test]
    fn a_token_comes_back_and_belongs_to_its_order() {
        let order = [OrderBy::descending(OrderKey::Start)];
        let cursor = Cursor::new(&order, vec![SortValue::Number(7)], true);
        let token = cursor.to_token();
        assert_eq!(
            Cursor::from_token(Some(&token), &order).unwrap(),
            Some(cursor)
        );
        assert_eq!(Cursor::from_token(Some(""), &order).unwrap(), None);
        let other = [OrderBy::ascending(OrderKey::Start)];
        let error = Cursor::from_token(Some(&token), &other).unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid page token: it belongs to another order_by"
        );
        for garbage in ["%", "e30", "AAAA", &"A".repeat(100_000)] {
            assert!(Cursor::from_token(Some(garbage), &order).is_err());
        }
    }
}
