//! Lists of rows, as both indexes write them.
//!
//! A list begins with a LEB128 number: twice the length of what follows in bytes, plus one for a bitmap. A bitmap is a
//! serialised Roaring bitmap; anything else is LEB128 gaps, the first one from row 0.

use std::io;

use roaring::RoaringBitmap;
use smallvec::SmallVec;

/// From one row in so many on, a bitmap is smaller than gaps of a byte each.
const DENSE: u32 = 8;

/// Ascending rows while they are collected: short lists are many.
#[derive(Clone, Debug, Default)]
pub(super) struct RowList {
    gaps: SmallVec<[u8; 16]>,
    /// One more than the last row.
    next: u32,
    count: u32,
}

impl RowList {
    /// Adds `row`, which must not be below the last one; the same row again changes nothing.
    pub(super) fn push(&mut self, row: u32) {
        if self.next > row {
            debug_assert_eq!(self.next, row + 1, "rows ascend");
            return;
        }
        let gap = if self.count == 0 {
            row
        } else {
            row + 1 - self.next
        };
        let (bytes, length) = varint(u64::from(gap));
        self.gaps.extend_from_slice(&bytes[..length]);
        self.next = row + 1;
        self.count += 1;
    }

    /// Appends the list to `out`.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> io::Result<()> {
        if self.count > 1_000 && self.count > self.next / DENSE {
            let mut rows = Vec::with_capacity(self.count as usize);
            read_gaps(&self.gaps, |row| rows.push(row)).map_err(io::Error::other)?;
            let mut bitmap = RoaringBitmap::from_sorted_iter(rows).map_err(io::Error::other)?;
            bitmap.optimize();
            write_varint(out, bitmap.serialized_size() as u64 * 2 + 1);
            return bitmap.serialize_into(out);
        }
        write_varint(out, self.gaps.len() as u64 * 2);
        out.extend_from_slice(&self.gaps);
        Ok(())
    }
}

/// The list at the beginning of `bytes`, and whether it is a bitmap.
fn split(bytes: &[u8]) -> Result<(bool, &[u8]), String> {
    let mut rest = bytes;
    let head = read_varint(&mut rest).ok_or_else(cut)?;
    let length = usize::try_from(head / 2).map_err(|_| cut())?;
    let list = rest.get(..length).ok_or_else(cut)?;
    Ok((head % 2 == 1, list))
}

/// How many bytes the list at the beginning of `bytes` takes; all of them need not be there.
pub(super) fn length(bytes: &[u8]) -> Result<usize, String> {
    let mut rest = bytes;
    let head = read_varint(&mut rest).ok_or_else(cut)?;
    usize::try_from(head / 2)
        .ok()
        .and_then(|list| list.checked_add(bytes.len() - rest.len()))
        .ok_or_else(cut)
}

/// Calls `give` with each row of the list at the beginning of `bytes`, ascending.
pub(super) fn each_row(bytes: &[u8], mut give: impl FnMut(u32)) -> Result<(), String> {
    match split(bytes)? {
        (true, list) => {
            bitmap(list)?.into_iter().for_each(give);
            Ok(())
        }
        (false, list) => read_gaps(list, &mut give),
    }
}

/// The list at the beginning of `bytes` if it is written as a bitmap.
pub(super) fn as_bitmap(bytes: &[u8]) -> Result<Option<RoaringBitmap>, String> {
    match split(bytes)? {
        (true, list) => bitmap(list).map(Some),
        (false, _) => Ok(None),
    }
}

/// The list at the beginning of `bytes` as a bitmap.
pub(super) fn read(bytes: &[u8]) -> Result<RoaringBitmap, String> {
    match split(bytes)? {
        (true, list) => bitmap(list),
        (false, list) => {
            let mut rows = RoaringBitmap::new();
            read_gaps(list, |row| {
                rows.insert(row);
            })?;
            Ok(rows)
        }
    }
}

fn bitmap(list: &[u8]) -> Result<RoaringBitmap, String> {
    RoaringBitmap::deserialize_from(list).map_err(|cause| cause.to_string())
}

fn read_gaps(mut gaps: &[u8], mut give: impl FnMut(u32)) -> Result<(), String> {
    let mut row = 0_u64;
    while !gaps.is_empty() {
        row = read_varint(&mut gaps)
            .and_then(|gap| row.checked_add(gap))
            .ok_or_else(cut)?;
        give(u32::try_from(row).map_err(|_| cut())?);
    }
    Ok(())
}

fn cut() -> String {
    "a list of rows is damaged".to_owned()
}

/// A LEB128 number: bytes and how many of them count.
fn varint(mut number: u64) -> ([u8; 10], usize) {
    let mut bytes = [0; 10];
    let mut length = 0;
    loop {
        let low = u8::try_from(number & 0x7f).expect("seven bits");
        number >>= 7;
        bytes[length] = if number == 0 { low } else { low | 0x80 };
        length += 1;
        if number == 0 {
            return (bytes, length);
        }
    }
}

fn write_varint(out: &mut Vec<u8>, number: u64) {
    let (bytes, length) = varint(number);
    out.extend_from_slice(&bytes[..length]);
}

fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lists_come_back(rows in proptest::collection::btree_set(0..5_000_u32, 0..3_000), after in any::<u8>()) {
            let mut list = RowList::default();
            for row in &rows {
                list.push(*row);
                list.push(*row);
            }
            let mut bytes = Vec::new();
            list.write(&mut bytes).unwrap();
            let end = bytes.len();
            bytes.push(after);
            prop_assert_eq!(length(&bytes).unwrap(), end);
            prop_assert!(read(&bytes).unwrap().iter().eq(rows.iter().copied()));
            let mut seen = Vec::new();
            each_row(&bytes, |row| seen.push(row)).unwrap();
            prop_assert!(seen.iter().eq(&rows));
        }

        #[test]
        fn damage_is_told(bytes in any::<Vec<u8>>()) {
            // Must neither panic nor take memory for rows that are not there.
            drop(read(&bytes));
        }
    }
}
