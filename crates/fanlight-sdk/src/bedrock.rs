//! Calls of Amazon Bedrock that `aws-sdk-bedrockruntime` makes, traced: `converse`, `converse_stream`, `invoke_model` and
//! `invoke_model_with_response_stream`.
//!
//! ```
//! # fn with<I: aws_smithy_runtime_api::client::interceptors::Intercept + 'static>(_: I) {}
//! // aws_sdk_bedrockruntime::config::Builder::from(&aws_config::load_from_env().await)
//! //     .interceptor(fanlight::bedrock::Tracing::new())
//! //     .build()
//! # with(fanlight::bedrock::Tracing::new());
//! ```
//!
//! A span has all attempts of a call, and ends with the answer, or its stream. Calls of other services go through as
//! they are. Prompts of guardrails and asynchronous calls are not traced.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef,
    FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::sync::lock;
use crate::wire::{self, Answer};

/// An interceptor for the client's configuration.
#[derive(Clone, Debug, Default)]
pub struct Tracing(());

impl Tracing {
    /// For calls of models, at whatever endpoint.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Kept beside a call: the answer until somebody has read it.
#[derive(Debug)]
struct Call {
    answer: Arc<Mutex<Option<Answer>>>,
    is_stream: bool,
}

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Tracing {
    fn name(&self) -> &'static str {
        "fanlight"
    }

    fn read_after_serialization(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        call: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if !crate::global::is_recording() || !is_bedrock(call) {
            return Ok(());
        }
        let request = context.request();
        let path = request.uri().split('?').next().unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        if let Some(recognised) = wire::recognise(wire::BEDROCK, path, body) {
            let is_stream = path.ends_with("-stream");
            let span = recognised.span().start();
            let answer = Answer::new(&recognised, span, Instant::now(), is_stream);
            call.interceptor_state().store_put(Call {
                answer: Arc::new(Mutex::new(Some(answer))),
                is_stream,
            });
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        call: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        let is_good = response.status().is_success();
        if let Some(call) = call.load::<Call>().filter(|call| call.is_stream && is_good)
            && let Some(answer) = lock(&call.answer).take()
        {
            let body = std::mem::replace(response.body_mut(), SdkBody::taken());
            *response.body_mut() = SdkBody::from_body_1_x(Observed { body, answer });
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        call: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let left = call
            .load::<Call>()
            .and_then(|call| lock(&call.answer).take());
        let Some(mut answer) = left else {
            return Ok(());
        };
        let error = context.output_or_error().and_then(Result::err);
        let response = context.response();
        if let Some(response) = response {
            answer.came_whole(
                counted(response, "x-amzn-bedrock-input-token-count"),
                counted(response, "x-amzn-bedrock-output-token-count"),
            );
            answer.read(response.body().bytes().unwrap_or_default());
        }
        let refused = response.map(|response| response.status());
        match (refused.filter(|status| !status.is_success()), error) {
            (Some(status), _) => answer.refused(status.as_u16()),
            (None, Some(error)) => answer.fail(error),
            (None, None) => answer.finish(),
        }
        Ok(())
    }
}

fn is_bedrock(call: &ConfigBag) -> bool {
    call.load::<Metadata>()
        .is_some_and(|metadata| metadata.service() == "Bedrock Runtime")
}

fn counted(response: &HttpResponse, header: &str) -> Option<u64> {
    response.headers().get(header)?.parse().ok()
}

/// A stream that is read as it goes by.
struct Observed {
    body: SdkBody,
    answer: Answer,
}

impl Body for Observed {
    type Data = Bytes;
    type Error = aws_smithy_types::body::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(bytes) = frame.data_ref() {
                    self.answer.read(bytes);
                }
            }
            Some(Err(error)) => self.answer.fail(error.as_ref()),
            None => self.answer.finish(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
