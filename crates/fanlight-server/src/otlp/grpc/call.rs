//! One try at a call: tonic unpacks the message, the intake takes it in, tonic writes the reply.

use std::mem;
use std::pin::Pin;

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use bytes::Bytes;
use fanlight_ingest::Encoding;
use http_body_util::Full;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tonic::codec::{CompressionEncoding, Streaming};
use tonic::server::{ClientStreamingService, Grpc};
use tonic::{Code, Status};

use super::super::messages::ExportReply;
use super::codec::ExportCodec;
use super::refusal::{is_too_large, refusal, unreadable};
use super::room::Room;
use crate::budget::Reservation;
use crate::intake::{Intake, IntakeError, Payload, Target};

/// What is exported.
#[derive(Clone, Copy, Debug)]
pub(super) enum Signal {
    Traces,
    Logs,
}

/// A call whose body has arrived.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) intake: &'a Intake,
    pub(super) signal: Signal,
    pub(super) target: Target,
    pub(super) headers: &'a HeaderMap,
    /// Bytes of the body that stay in memory for another try.
    pub(super) kept: usize,
}

impl Call<'_> {
    /// Fails when the budget has not that much room. Any other failure is a response, as tonic has it.
    pub(super) async fn attempt(
        &self,
        body: Bytes,
        room: Room,
        mut reservation: Reservation,
    ) -> Result<Response, Status> {
        reservation
            .grow_to(room.reserved)
            .map_err(|spent| refusal(spent.into()))?;
        let mut request = Request::new(Full::new(body));
        request.headers_mut().clone_from(self.headers);
        let attempt = Attempt {
            call: self,
            room,
            reservation,
        };
        // For tonic a stream of one message: its unary calls are unpacked before we are asked, on an async thread.
        let response = Grpc::new(ExportCodec)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .max_decoding_message_size(room.message)
            .client_streaming(attempt, request)
            .await;
        Ok(response.map(Body::new))
    }

    async fn take_in(
        &self,
        messages: Streaming<Bytes>,
        room: Room,
        reservation: Reservation,
    ) -> Result<ExportReply, Status> {
        let (message, mut reservation) = self.unpack(messages, reservation).await?;
        let limit = self.intake.max_decompressed_bytes();
        let message = match message {
            Ok(message) => message.unwrap_or_default(),
            Err(status) if is_too_large(&status) && room.message < limit => {
                return Err(needs_more_room());
            }
            Err(status) => return Err(unreadable(&status, limit)),
        };
        reservation.shrink_to(message.len() + self.kept);
        let payload = Payload {
            bytes: message,
            encoding: Encoding::Protobuf,
            compression: String::new(),
            reservation,
        };
        self.hand_in(payload).await.map_err(refusal)
    }

    /// The message, and the reservation, which belongs to whoever holds the memory: decompression goes on for a while
    /// when the caller has given up.
    async fn unpack(
        &self,
        mut messages: Streaming<Bytes>,
        reservation: Reservation,
    ) -> Result<(Result<Option<Bytes>, Status>, Reservation), Status> {
        if self.kept == 0 {
            return Ok((messages.message().await, reservation));
        }
        let runtime = Handle::current();
        // The body is in memory, so this never waits.
        let work = spawn_blocking(move || (runtime.block_on(messages.message()), reservation));
        work.await
            .map_err(|died| refusal(IntakeError::DecoderDied(died)))
    }

    async fn hand_in(&self, payload: Payload) -> Result<ExportReply, IntakeError> {
        match self.signal {
            Signal::Traces => {
                let outcome = self.intake.traces(&self.target, payload).await?;
                Ok(ExportReply::to_traces(&outcome.rejected))
            }
            Signal::Logs => {
                self.intake.logs(&self.target, payload).await?;
                Ok(ExportReply::default())
            }
        }
    }
}

/// Never leaves the server; see [`ran_out`].
fn needs_more_room() -> Status {
    Status::resource_exhausted("the message needs more room to unpack")
}

/// Whether the room of an attempt was too small, although the message may be within the limit.
pub(super) fn ran_out(response: &Response) -> bool {
    Status::from_header_map(response.headers())
        .is_some_and(|status| status.code() == Code::ResourceExhausted)
}

/// Where tonic meets the intake.
struct Attempt<'a> {
    call: &'a Call<'a>,
    room: Room,
    reservation: Reservation,
}

impl<'a> ClientStreamingService<Bytes> for Attempt<'a> {
    type Response = ExportReply;
    type Future =
        Pin<Box<dyn Future<Output = Result<tonic::Response<ExportReply>, Status>> + Send + 'a>>;

    fn call(&mut self, request: tonic::Request<Streaming<Bytes>>) -> Self::Future {
        let (call, room) = (self.call, self.room);
        let nothing = call.intake.budget().empty_reservation();
        let reservation = mem::replace(&mut self.reservation, nothing);
        Box::pin(async move {
            let reply = call
                .take_in(request.into_inner(), room, reservation)
                .await?;
            Ok(tonic::Response::new(reply))
        })
    }
}
