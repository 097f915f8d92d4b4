//! Walking the terms of `facets.idx` one by one, without collecting them.

use std::ops::ControlFlow;

use fst::{IntoStreamer, Streamer};
use roaring::RoaringBitmap;

use super::facets::{Facets, Property};
use super::postings;

/// The rows of one term, still packed.
#[derive(Clone, Copy, Debug)]
pub struct Postings<'a>(&'a [u8]);

impl Postings<'_> {
    pub fn rows(&self) -> Result<RoaringBitmap, String> {
        postings::read(self.0)
    }

    /// How many of `rows` have the value. Short lists are counted without unpacking them.
    pub fn count_in(&self, rows: &RoaringBitmap) -> Result<u64, String> {
        if let Some(bitmap) = postings::as_bitmap(self.0)? {
            return Ok(bitmap.intersection_len(rows));
        }
        let mut count = 0;
        postings::each_row(self.0, |row| count += u64::from(rows.contains(row)))?;
        Ok(count)
    }

    /// Calls `visit` with those of `rows` that have the value, ascending.
    pub fn each_in(&self, rows: &RoaringBitmap, visit: &mut dyn FnMut(u32)) -> Result<(), String> {
        if let Some(bitmap) = postings::as_bitmap(self.0)? {
            (bitmap & rows).into_iter().for_each(visit);
            return Ok(());
        }
        postings::each_row(self.0, |row| {
            if rows.contains(row) {
                visit(row);
            }
        })
    }
}

/// What is done with one value and its rows.
type Visit<'v> = dyn FnMut(&str, Postings<'_>) -> Result<ControlFlow<()>, String> + 'v;

impl Facets {
    /// Calls `visit` with each listed value of `property` that begins with `prefix`, in ascending order of bytes, until
    /// it breaks off.
    pub fn each_value(
        &self,
        property: Property<'_>,
        prefix: &str,
        visit: &mut Visit<'_>,
    ) -> Result<(), String> {
        if !property.can_be_listed() {
            return Ok(());
        }
        let mut start = property.prefix(property.number());
        let head = start.len();
        let mut end = start.clone();
        *end.last_mut().expect("a prefix ends in its separator") = 1;
        start.extend_from_slice(prefix.as_bytes());
        let mut stream = self.terms.range().ge(&start).lt(&end).into_stream();
        while let Some((term, offset)) = stream.next() {
            if !term.starts_with(&start) {
                break;
            }
            let value =
                std::str::from_utf8(&term[head..]).map_err(|_| "a term is not UTF-8".to_owned())?;
            let offset = usize::try_from(offset).unwrap_or(usize::MAX);
            let postings = self.postings.get(offset..).unwrap_or_default();
            if visit(value, Postings(postings))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The keys in use of a property that has keys, such as `Property::Tag("")`, in ascending order of bytes. Those
    /// whose values are all unlisted are among them.
    pub fn keys(&self, kind: Property<'_>) -> Result<Vec<String>, String> {
        let mut keys = Vec::new();
        for number in [kind.number(), kind.unlisted_number()] {
            let mut from = vec![number];
            loop {
                let mut stream = self.terms.range().ge(&from).lt([number + 1]).into_stream();
                let Some((term, _)) = stream.next() else {
                    break;
                };
                let length = term[1..].iter().position(|byte| *byte == 0);
                let key = &term[1..=length.ok_or("a term without separator")?];
                let key = std::str::from_utf8(key).map_err(|_| "a key is not UTF-8")?;
                if !key.is_empty() {
                    keys.push(key.to_owned());
                }
                // The first place after all values of this key.
                from.truncate(1);
                from.extend_from_slice(key.as_bytes());
                from.push(1);
            }
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::super::facets::{FacetsBuilder, ListLimits};
    use super::*;

    const LIMITS: ListLimits = ListLimits {
        distinct: 100,
        value_bytes: 8,
    };

    fn index(fill: impl FnOnce(&mut FacetsBuilder)) -> Facets {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("facets.idx");
        let mut builder = FacetsBuilder::default();
        fill(&mut builder);
        builder
            .write(Box::new(std::fs::File::create(&path).unwrap()))
            .unwrap();
        Facets::open(&path).unwrap()
    }

    #[test]
    fn values_are_walked_by_prefix_and_counted_among_rows() {
        let facets = index(|builder| {
            for row in 0..100 {
                builder.add(Property::User, "anna", row, LIMITS);
                builder.add(Property::User, &format!("b{}", row % 3), row, LIMITS);
            }
            builder.add(Property::User, "c", 7, LIMITS);
        });
        let rows: RoaringBitmap = (5..10).collect();
        let walk = |prefix| {
            let mut found = Vec::new();
            let mut visit = |value: &str, postings: Postings<'_>| {
                let mut same = 0;
                postings.each_in(&rows, &mut |_| same += 1)?;
                assert_eq!(postings.count_in(&rows)?, same);
                found.push((value.to_owned(), same));
                Ok(ControlFlow::Continue(()))
            };
            facets
                .each_value(Property::User, prefix, &mut visit)
                .unwrap();
            found
        };
        let b = |digit: u32, count| (format!("b{digit}"), count);
        assert_eq!(walk("b"), [b(0, 2), b(1, 1), b(2, 2)]);
        assert_eq!(walk("c"), [("c".to_owned(), 1)]);
        assert_eq!(walk("").len(), 5);
        assert_eq!(walk("d"), []);
    }

    #[test]
    fn keys_are_found_even_when_no_value_is_listed() {
        let facets = index(|builder| {
            builder.add(Property::Tag("env"), "prod", 1, LIMITS);
            builder.add(Property::Tag("env"), "dev", 2, LIMITS);
            builder.add(Property::Tag("en"), "x", 2, LIMITS);
            builder.add(Property::Tag("long"), "a very long value", 2, LIMITS);
            builder.add(Property::Metadata("other"), "x", 2, LIMITS);
        });
        assert_eq!(
            facets.keys(Property::Tag("")).unwrap(),
            ["en", "env", "long"]
        );
        assert_eq!(facets.keys(Property::Attribute("")).unwrap(), [""; 0]);
    }
}
