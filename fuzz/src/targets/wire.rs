//! Bodies of requests, and the texts in them.

use fanlight_api::mlflow::{Fields, assessments, experiments, runs, trace_info};
use fanlight_api::v1::Members;
use fanlight_api::v1::portable::{parse_companion, parse_mlflow_dict};
use fanlight_ingest::{
    Encoding, Limits, decode_exported_spans, decode_logs, decode_spans_json, decode_traces,
};
use fanlight_model::{TraceId, UnixNanos, WorkspaceId};
use fanlight_query::{filter, parse_order_by};

use crate::driver::Feed;

struct Reader(fn(&[u8]));

impl Feed for Reader {
    fn feed(&mut self, input: &[u8]) {
        (self.0)(input);
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as every target is prepared")]
fn reader(read: fn(&[u8])) -> anyhow::Result<Box<dyn Feed>> {
    Ok(Box::new(Reader(read)))
}

pub(super) fn otlp_protobuf() -> anyhow::Result<Box<dyn Feed>> {
    reader(|input| {
        drop(decode_traces(input, Encoding::Protobuf, &Limits::default()));
        drop(decode_logs(input, Encoding::Protobuf, &Limits::default()));
    })
}

pub(super) fn otlp_json() -> anyhow::Result<Box<dyn Feed>> {
    reader(|input| {
        drop(decode_traces(input, Encoding::Json, &Limits::default()));
        if let Some(trace) = TraceId::from_bytes([1; 16]) {
            drop(decode_spans_json(input, trace, &Limits::default()));
            drop(decode_exported_spans(input, trace, &Limits::default()));
        }
    })
}

pub(super) fn otlp_logs() -> anyhow::Result<Box<dyn Feed>> {
    reader(|input| {
        drop(decode_logs(input, Encoding::Json, &Limits::default()));
    })
}

pub(super) fn mlflow_body() -> anyhow::Result<Box<dyn Feed>> {
    reader(|input| {
        let fields = Fields::from_body(input);
        let (now, new_id) = (UnixNanos(1), || "a-1".to_owned());
        drop(trace_info::parse_start_v3(&fields, now, new_id));
        drop(trace_info::parse_start_v2(&fields));
        drop(trace_info::parse_end_v2(&fields));
        drop(assessments::parse_new(&fields, new_id(), now));
        drop(assessments::parse_update(&fields));
        drop(assessments::parse_mask(&fields));
        drop(experiments::parse_new(&fields, WorkspaceId::DEFAULT));
        drop(experiments::parse_search(&fields, WorkspaceId::DEFAULT));
        drop(runs::parse_new(&fields));
        drop(runs::parse_update(&fields));
        drop(runs::parse_search(&fields, WorkspaceId::DEFAULT));
        drop(runs::parse_batch(&fields));
        drop(runs::parse_inputs(&fields));
    })
}

pub(super) fn portable() -> anyhow::Result<Box<dyn Feed>> {
    reader(|input| {
        let beside = || Members::from_body(input).ok();
        drop(beside().map(parse_companion));
        drop(parse_mlflow_dict(&Fields::from_body(input), beside()));
    })
}

pub(super) fn filter() -> anyhow::Result<Box<dyn Feed>> {
    reader(|input| {
        let text = String::from_utf8_lossy(input);
        if let Ok(parsed) = filter::parse(&text) {
            let printed = parsed.to_string();
            assert_eq!(filter::parse(&printed), Ok(parsed), "{printed}");
        }
        drop(parse_order_by(&[text.into_owned()]));
    })
}
