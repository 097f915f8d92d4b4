"""Spans around blocks, with what they are told."""

import mlflow
from mlflow.entities import SpanEvent, SpanStatus, SpanType

with mlflow.start_span("empty"):
    pass

with mlflow.start_span(name="told", span_type=SpanType.LLM, attributes={"model": "m", "temperature": 0.5}) as span:
    span.set_inputs({"question": "why", "n": [1, 2]})
    span.set_attribute("later", {"a": 1})
    span.set_attributes({"x": 1, "y": [True, None]})
    span.add_event(SpanEvent("happened", attributes={"what": "it"}))
    span.set_outputs("because")

with mlflow.start_span("parent") as parent:
    parent.set_inputs("text")
    with mlflow.start_span("first", span_type="TOOL") as first:
        first.set_outputs(1)
    with mlflow.start_span("second") as second:
        second.set_status("ERROR")
        with mlflow.start_span("inner") as inner:
            inner.set_span_type("PARSER")
            inner.set_outputs({"deep": {"er": [1, {"x": None}]}})
    parent.set_outputs([1, "two", 3.5, None, True])

try:
    with mlflow.start_span("raises"):
        with mlflow.start_span("raises too"):
            raise KeyError("missing")
except KeyError:
    pass

with mlflow.start_span("status") as span:
    span.set_status(SpanStatus("ERROR", "because"))

with mlflow.start_span("trace") as span:
    mlflow.update_current_trace(tags={"color": "red"}, metadata={"mlflow.trace.session": "s", "mlflow.trace.user": "u"})

detached = mlflow.start_span_no_context("detached", inputs={"a": 1}, span_type="CHAIN")
child = mlflow.start_span_no_context("its child", parent_span=detached, inputs=[1])
child.end(outputs={"b": 2})
detached.end(outputs="done", status="OK")
