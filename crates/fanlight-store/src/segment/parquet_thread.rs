//! Encoding and compressing Parquet beside the thread that fills the columns: a seal is as fast as the slower of both.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::disk::DiskFile;

/// Lots that may wait: more would only take memory.
const WAITING_LOTS: usize = 2;

/// A Parquet file that another thread writes.
#[derive(Debug)]
pub(super) struct ParquetThread {
    lots: SyncSender<RecordBatch>,
    thread: JoinHandle<Result<(), ParquetError>>,
}

impl ParquetThread {
    pub(super) fn create(
        file: Box<dyn DiskFile>,
        schema: SchemaRef,
        properties: WriterProperties,
    ) -> Result<Self, ParquetError> {
        let mut parquet = ArrowWriter::try_new(file, schema, Some(properties))?;
        let (lots, waiting) = sync_channel::<RecordBatch>(WAITING_LOTS);
        let thread = std::thread::Builder::new()
            .name("parquet-writer".to_owned())
            .spawn(move || {
                for lot in waiting {
                    parquet.write(&lot)?;
                }
                parquet.into_inner()?.sync()?;
                Ok(())
            })?;
        Ok(Self { lots, thread })
    }

    /// Hands rows over; waits while too many wait.
    pub(super) fn write(&mut self, lot: RecordBatch) {
        // Fails when the thread has ended with an error, which `finish` tells.
        let _ = self.lots.send(lot);
    }

    /// Writes the end and syncs the file.
    pub(super) fn finish(self) -> Result<(), ParquetError> {
        drop(self.lots);
        self.thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
