"""The client's calls, and functions under its spans."""

import mlflow
from mlflow.tracking import MlflowClient

client = MlflowClient()

root = client.start_trace("request", inputs={"q": 1}, attributes={"a": "b"}, tags={"kind": "client"})
step = client.start_span("step", trace_id=root.trace_id, parent_id=root.span_id, inputs={"x": [1, 2]}, span_type="TOOL")
part = client.start_span("part", trace_id=root.trace_id, parent_id=step.span_id)
client.end_span(trace_id=root.trace_id, span_id=part.span_id, outputs="p", attributes={"late": True})
client.end_span(trace_id=root.trace_id, span_id=step.span_id, outputs={"y": 3}, status="ERROR")
client.end_trace(trace_id=root.trace_id, outputs={"r": 2}, status="OK")

with mlflow.start_span("fluent") as span:
    under = client.start_span("under", trace_id=span.trace_id, parent_id=span.span_id, inputs="i")
    client.end_span(trace_id=span.trace_id, span_id=under.span_id, outputs="o")
