//! Single rows of a column of texts, without the machinery for many rows of many columns: a page of results is a
//! hundred rows that are far from each other.

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::Page;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::page_index::offset_index::PageLocation;

use super::parquet_file::ParquetFile;

impl ParquetFile {
    /// Shows `visit` the texts of `rows`, which must ascend. The column must be required and written without dictionary.
    pub(super) fn each_text(
        &self,
        column: &str,
        rows: &[u32],
        mut visit: impl FnMut(&str) -> Result<(), String>,
    ) -> Result<(), String> {
        let column = self.column(column)?;
        let (mut first_row, mut rows) = (0, rows);
        for group in 0..self.group_count()? {
            let end = first_row + self.group_rows(group)?;
            let here = rows.partition_point(|row| (*row as usize) < end);
            let (of_group, later) = rows.split_at(here);
            let places = of_group.iter().map(|row| *row as usize - first_row);
            self.each_of_group(group, column, places, &mut visit)?;
            (first_row, rows) = (end, later);
        }
        match rows.first() {
            Some(row) => Err(format!("row {row} is missing")),
            None => Ok(()),
        }
    }

    fn each_of_group(
        &self,
        group: usize,
        column: usize,
        rows: impl Iterator<Item = usize>,
        visit: &mut impl FnMut(&str) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return Ok(());
        }
        let locations = self.locations(group, column)?;
        let page_of = |row: usize| {
            let after = locations.partition_point(|page| first_row_of(page) <= row);
            after.saturating_sub(1)
        };
        let rows: Vec<_> = rows.map(|row| (page_of(row), row)).collect();
        let mut pages: Vec<_> = rows.iter().map(|(page, _)| *page).collect();
        pages.dedup();
        let mut reader = self.reader_of(group, column, &pages)?;
        for of_page in rows.chunk_by(|one, next| one.0 == next.0) {
            let location = &locations[of_page[0].0];
            let mut texts = Texts::of(reader.get_next_page()).map_err(|cause| cause.to_string())?;
            let mut at = first_row_of(location);
            for (_, row) in of_page {
                let text = texts.nth(*row - at).ok_or("a page ends early")?;
                visit(std::str::from_utf8(text).map_err(|cause| cause.to_string())?)?;
                at = row + 1;
            }
        }
        Ok(())
    }
}

fn first_row_of(page: &PageLocation) -> usize {
    usize::try_from(page.first_row_index).unwrap_or(0)
}

/// The texts of a page, each after its length.
struct Texts {
    bytes: Bytes,
    at: usize,
}

impl Texts {
    fn of(page: ParquetResult<Option<Page>>) -> ParquetResult<Self> {
        match page? {
            Some(Page::DataPage {
                buf: bytes,
                encoding: Encoding::PLAIN,
                ..
            }) => Ok(Self { bytes, at: 0 }),
            _ => Err(ParquetError::General(
                "a page has no plain texts".to_owned(),
            )),
        }
    }

    fn nth(&mut self, skipped: usize) -> Option<&[u8]> {
        for _ in 0..skipped {
            self.next()?;
        }
        self.next()
    }

    fn next(&mut self) -> Option<&[u8]> {
        let (length, rest) = self.bytes.get(self.at..)?.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let text = rest.get(..length)?;
        self.at += 4 + length;
        Some(text)
    }
}
