//! What tonic hands over and takes back: the bytes of a request's message, and a reply.

use bytes::{Buf, Bytes};
use prost::Message;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use super::super::messages::ExportReply;

/// Leaves requests as bytes, so that they are decoded where those of OTLP/HTTP are.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExportCodec;

impl Codec for ExportCodec {
    type Encode = ExportReply;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Decoder for ExportCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        // Not a copy: the buffer is split.
        Ok(Some(message.copy_to_bytes(message.remaining())))
    }
}

impl Encoder for ExportCodec {
    type Item = ExportReply;
    type Error = Status;

    fn encode(&mut self, reply: ExportReply, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        reply
            .encode(buffer)
            .map_err(|error| Status::internal(error.to_string()))
    }
}
