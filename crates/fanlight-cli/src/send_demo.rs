//! `fanlight demo`: example traces, sent as any exporter would.

use fanlight_model::{Clock, SystemClock};

use crate::cli::DemoArgs;
use crate::client::{Client, Url};
use crate::demo;
use crate::failure::Failure;
use crate::printer::Printer;

/// Where to send, in the order they count: ours, what exporters use, what MLflow's clients use.
const URL_VARIABLES: [&str; 3] = [
    "FANLIGHT_URL",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "MLFLOW_TRACKING_URI",
];

/// Spans per request at least; what exporters batch.
const BATCH_SPANS: usize = 512;

pub(crate) fn run(asked: &DemoArgs, printer: &mut Printer) -> Result<(), Failure> {
    let environment = |name: &str| std::env::var(name).ok();
    let url = Url::choose(asked.server.url.as_ref(), &URL_VARIABLES, &environment)?;
    let client = Client::new(url);
    let traces = demo::traces(SystemClock.now(), asked.seed);

    let total = traces.len();
    let mut sent = 0;
    let mut batch = Vec::new();
    for (index, trace) in traces.into_iter().enumerate() {
        batch.extend(trace);
        if batch.len() >= BATCH_SPANS || index + 1 == total {
            client.post_bytes(
                "/v1/traces",
                "application/x-protobuf",
                &fanlight_ingest::encode_traces(&batch),
            )?;
            batch.clear();
            sent = index + 1;
            printer.line(&format!("sent {sent} of {total} traces"))?;
        }
    }
    printer.line(&format!(
        "\n{sent} traces are there. Open {}/ to see them.",
        client.url
    ))
}
