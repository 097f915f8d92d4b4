//! Sends an export piece by piece; what the reader does not take is not made.

use std::ops::ControlFlow;
use std::time::Duration;

use bytes::Bytes;
use fanlight_query::{Export, ExportLot};
use http_body_util::channel::Sender;

use super::output::{Output, Sent};

/// What was made is sent when it is about as long as this.
const PIECE_BYTES: usize = 256 << 10;

pub(super) struct Stream {
    pub(super) sender: Sender<Bytes, std::io::Error>,
    pub(super) output: Box<dyn Output>,
    /// How long a reader may take nothing.
    pub(super) patience: Duration,
    pub(super) runtime: tokio::runtime::Handle,
}

impl Stream {
    /// Blocks until the end. Only a stream that has everything gets its end.
    pub(super) fn send(mut self, export: Export) {
        let mut sent = Sent::default();
        let mut buffer = Vec::new();
        self.output.begin(&mut buffer);
        let mut told = Ok(ControlFlow::Continue(()));
        let done = export.run(|lot| {
            told = self.tell(&mut buffer, &mut sent, &lot);
            told.as_ref().map_or(ControlFlow::Break(()), |told| *told)
        });
        if matches!(told, Ok(ControlFlow::Break(()))) {
            // The reader left.
            return;
        }
        let made = done
            .map_err(std::io::Error::other)
            .and(told)
            .and_then(|_| self.output.end(&mut buffer, sent));
        if let Err(error) = made {
            tracing::error!("an export broke off: {error}");
            self.sender
                .abort(std::io::Error::other("the export broke off"));
            return;
        }
        // Whether it arrives is for the reader to see.
        let _ = self.flush(&mut buffer);
    }

    fn tell(
        &mut self,
        buffer: &mut Vec<u8>,
        sent: &mut Sent,
        lot: &ExportLot,
    ) -> std::io::Result<ControlFlow<()>> {
        for trace in &lot.traces {
            self.output.push(buffer, trace)?;
            sent.traces += 1;
            sent.spans += trace.spans.len() as u64;
            if buffer.len() >= PIECE_BYTES && self.flush(buffer).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        sent.unreadable += lot.unreadable;
        self.output.so_far(buffer, &lot.cursor, *sent);
        Ok(self.flush(buffer))
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
