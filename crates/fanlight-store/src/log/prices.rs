//! The prices of a batch, written behind it: each distinct one once.

use std::sync::Arc;

use fanlight_model::{Batch, Price, Priced, Repriced, SpanId, TraceId};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// What follows the batch in a payload of version 2.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Prices {
    /// As JSON, which leaves out what is absent.
    distinct: Vec<String>,
    /// For the spans of all groups, one after the other; empty when all are unasked.
    of_spans: Vec<Place>,
    repriced: Vec<(TraceId, SpanId, Place, Place)>,
}

/// 0: unasked, 1: unknown, else the place of a distinct price, plus 2.
type Place = u32;
const UNASKED: Place = 0;
const UNKNOWN: Place = 1;
const FIRST: Place = 2;

impl Prices {
    pub(super) fn of(batch: &Batch) -> Self {
        let mut known = FxHashMap::default();
        let mut prices = Self::default();
        let spans = batch.groups.iter().flat_map(|group| &group.spans);
        if spans.clone().any(|span| span.price != Priced::Unasked) {
            prices.of_spans = spans
                .map(|span| place(&mut known, &mut prices.distinct, &span.price))
                .collect();
        }
        prices.repriced = batch
            .repriced
            .iter()
            .map(|repriced| {
                let mut place = |price| place(&mut known, &mut prices.distinct, price);
                let (was, price) = (place(&repriced.was), place(&repriced.price));
                (repriced.trace_id, repriced.span_id, was, price)
            })
            .collect();
        prices
    }

    pub(super) fn put_into(self, batch: &mut Batch) -> Result<(), String> {
        let distinct: Vec<Arc<Price>> = self
            .distinct
            .iter()
            .map(|text| serde_json::from_str(text).map(Arc::new))
            .collect::<Result<_, _>>()
            .map_err(|cause| cause.to_string())?;
        let price = |place| match place {
            UNASKED => Ok(Priced::Unasked),
            UNKNOWN => Ok(Priced::Unknown),
            place => distinct
                .get((place - FIRST) as usize)
                .map(|price| Priced::At(Arc::clone(price)))
                .ok_or_else(|| format!("price {place} is missing")),
        };
        let spans = batch.groups.iter_mut().flat_map(|group| &mut group.spans);
        for (span, place) in spans.zip(self.of_spans) {
            span.price = price(place)?;
        }
        batch.repriced = self
            .repriced
            .into_iter()
            .map(|(trace_id, span_id, was, now)| {
                Ok(Repriced {
                    trace_id,
                    span_id,
                    was: price(was)?,
                    price: price(now)?,
                })
            })
            .collect::<Result<_, String>>()?;
        Ok(())
    }
}

/// The same price is mostly the same in memory, too.
fn place(
    known: &mut FxHashMap<*const Price, Place>,
    distinct: &mut Vec<String>,
    price: &Priced,
) -> Place {
    let price = match price {
        Priced::Unasked => return UNASKED,
        Priced::Unknown => return UNKNOWN,
        Priced::At(price) => price,
    };
    *known.entry(Arc::as_ptr(price)).or_insert_with(|| {
        let place = u32::try_from(distinct.len()).unwrap_or(u32::MAX - FIRST);
        distinct.push(serde_json::to_string(price).expect("plain structs have a text"));
        place + FIRST
    })
}
