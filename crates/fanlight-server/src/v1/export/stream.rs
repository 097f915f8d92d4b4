//! Sends an export piece by piece; what the reader does not take is not made.

use std::ops::ControlFlow;
use std::time::Duration;

use bytes::Bytes;
use fanlight_query::{Export, ExportLot};
use http_body_util::channel::Sender;
use serde_json::json;

use super::lines::{Lines, push_line};

/// Rendered lines are sent when they are about as long as this.
const PIECE_BYTES: usize = 256 << 10;

pub(super) struct Stream {
    pub(super) sender: Sender<Bytes, std::io::Error>,
    pub(super) lines: Lines,
    /// How long a reader may take nothing.
    pub(super) patience: Duration,
    pub(super) runtime: tokio::runtime::Handle,
}

/// What was sent so far.
#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    traces: u64,
    spans: u64,
    unreadable: u64,
}

impl Stream {
    /// Blocks until the end. Only a stream that has everything ends with a line that says so.
    pub(super) fn send(mut self, export: Export) {
        let mut sent = Sent::default();
        let mut buffer = Vec::new();
        if let Some(opening) = self.lines.opening() {
            push_line(&mut buffer, &opening);
        }
        let mut reader_left = false;
        let done = export.run(|lot| {
            let told = self.tell(&mut buffer, &mut sent, &lot);
            reader_left = told.is_break();
            told
        });
        if reader_left {
            return;
        }
        if let Err(error) = done {
            tracing::error!("an export broke off: {error}");
            self.sender
                .abort(std::io::Error::other("the export broke off"));
            return;
        }
        let end = json!({"export": {
            "complete": true, "traces": sent.traces, "spans": sent.spans, "unreadable": sent.unreadable,
        }});
        push_line(&mut buffer, &end);
        // Whether it arrives is for the reader to see.
        let _ = self.flush(&mut buffer);
    }

    fn tell(&mut self, buffer: &mut Vec<u8>, sent: &mut Sent, lot: &ExportLot) -> ControlFlow<()> {
        for trace in &lot.traces {
            self.lines.push(buffer, trace);
            sent.traces += 1;
            sent.spans += trace.spans.len() as u64;
            if buffer.len() >= PIECE_BYTES {
                self.flush(buffer)?;
            }
        }
        sent.unreadable += lot.unreadable;
        let so_far = json!({"export": {
            "cursor": lot.cursor, "traces": sent.traces, "spans": sent.spans, "unreadable": sent.unreadable,
        }});
        push_line(buffer, &so_far);
        self.flush(buffer)
    }

    fn flush(&mut self, buffer: &mut Vec<u8>) -> ControlFlow<()> {
        if buffer.is_empty() {
            return ControlFlow::Continue(());
        }
        let piece = Bytes::from(std::mem::take(buffer));
        let sending =
            async { tokio::time::timeout(self.patience, self.sender.send_data(piece)).await };
        match self.runtime.block_on(sending) {
            Ok(Ok(())) => ControlFlow::Continue(()),
            Ok(Err(_)) | Err(_) => ControlFlow::Break(()),
        }
    }
}
