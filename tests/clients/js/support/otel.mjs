/**
 * One trace made by the OpenTelemetry JS SDK that uses everything a span can carry, and what a server
 * must give back for it.
 */

import assert from 'node:assert/strict';

import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

import { decodeAttributes, hexOfBase64 } from './api.mjs';

const LINKED = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };

/**
 * An application's tracer whose finished spans leave through `exporter`.
 *
 * @param {import('@opentelemetry/sdk-trace-node').SpanExporter} exporter
 * @param {string} service becomes `service.name`
 */
export function openTracer(exporter, service) {
  /** @type {import('@opentelemetry/core').ExportResult[]} */
  let outcomes = [];
  const watched = {
    export: (spans, done) =>
      exporter.export(spans, (outcome) => {
        outcomes.push(outcome);
        done(outcome);
      }),
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'deployment.environment.name': 'test' }),
    spanProcessors: [new BatchSpanProcessor(watched)],
  });
  return {
    tracer: provider.getTracer('fanlight-tests'),
    /** Sends what has ended; returns the outcome of every export since the last call, code 0 for success. */
    flush: async () => {
      // A refused export also rejects the flush; the outcome says the same and more.
      await provider.forceFlush().catch(() => {});
      const flushed = outcomes;
      outcomes = [];
      return flushed;
    },
    close: () => provider.shutdown().catch(() => {}),
  };
}

/**
 * A root with two children, the second failed: nested ids, typed attributes, JSON inputs, an exception
 * event, a link, and times that only survive as exact integers.
 */
export function recordAnswer(tracer) {
  const second = Math.floor(Date.now() / 1000) - 60;
  const at = (nanos) => /** @type {[number, number]} */ ([second + Math.floor(nanos / 1e9), nanos % 1e9]);
  const times = {
    root: [123_456_789, 1_623_456_789],
    retrieve: [200_000_001, 300_000_001],
    model: [400_000_000, 1_500_000_000],
  };

  const root = tracer.startSpan('answer', { kind: SpanKind.SERVER, startTime: at(times.root[0]) }, ROOT_CONTEXT);
  const inside = trace.setSpan(ROOT_CONTEXT, root);
  root.setAttributes({
    'mlflow.spanType': 'AGENT',
    'mlflow.spanInputs': JSON.stringify({ question: 'Who wrote Solaris?' }),
    'mlflow.spanOutputs': JSON.stringify({ answer: 'Stanisław Lem' }),
  });

  const retrieve = tracer.startSpan(
    'retrieve',
    { startTime: at(times.retrieve[0]), links: [{ context: LINKED, attributes: { reason: 'cached' } }] },
    inside,
  );
  retrieve.setAttributes({ text: 'naïve ✓', count: 42, ratio: 0.25, hit: true, ids: ['a', 'b'] });
  retrieve.setStatus({ code: SpanStatusCode.OK });
  retrieve.end(at(times.retrieve[1]));

  const model = tracer.startSpan('call_model', { kind: SpanKind.CLIENT, startTime: at(times.model[0]) }, inside);
  model.addEvent(
    'exception',
    { 'exception.type': 'RateLimited', 'exception.message': 'try later' },
    at(times.model[1]),
  );
  model.setStatus({ code: SpanStatusCode.ERROR, message: 'try later' });
  model.end(at(times.model[1]));

  root.setStatus({ code: SpanStatusCode.OK });
  root.end(at(times.root[1]));

  const nanos = (offset) => String(BigInt(second) * 1_000_000_000n + BigInt(offset));
  const hex = root.spanContext().traceId;
  return {
    traceId: `tr-${hex}`,
    spans: [
      {
        name: 'answer',
        trace: hex,
        id: root.spanContext().spanId,
        parent: null,
        times: times.root.map(nanos),
        status: { code: 'STATUS_CODE_OK' },
        attributes: {
          'mlflow.spanType': 'AGENT',
          'mlflow.spanInputs': { question: 'Who wrote Solaris?' },
          'mlflow.spanOutputs': { answer: 'Stanisław Lem' },
          'mlflow.traceRequestId': `tr-${hex}`,
        },
        events: [],
        links: [],
      },
      {
        name: 'retrieve',
        trace: hex,
        id: retrieve.spanContext().spanId,
        parent: root.spanContext().spanId,
        times: times.retrieve.map(nanos),
        status: { code: 'STATUS_CODE_OK' },
        attributes: {
          text: 'naïve ✓',
          count: 42,
          ratio: 0.25,
          hit: true,
          ids: ['a', 'b'],
          'mlflow.traceRequestId': `tr-${hex}`,
        },
        events: [],
        links: [{ trace: LINKED.traceId, span: LINKED.spanId, attributes: { reason: 'cached' } }],
      },
      {
        name: 'call_model',
        trace: hex,
        id: model.spanContext().spanId,
        parent: root.spanContext().spanId,
        times: times.model.map(nanos),
        status: { code: 'STATUS_CODE_ERROR', message: 'try later' },
        attributes: { 'mlflow.traceRequestId': `tr-${hex}` },
        events: [
          {
            name: 'exception',
            time: nanos(times.model[1]),
            attributes: { 'exception.type': 'RateLimited', 'exception.message': 'try later' },
          },
        ],
        links: [],
      },
    ],
  };
}

/** Spans of `traces/get` in the shape {@link recordAnswer} promises, in the order they came. */
export function readSpans(spans) {
  return spans.map((span) => ({
    name: span.name,
    trace: hexOfBase64(span.trace_id),
    id: hexOfBase64(span.span_id),
    parent: span.parent_span_id === undefined ? null : hexOfBase64(span.parent_span_id),
    times: [span.start_time_unix_nano, span.end_time_unix_nano],
    status: span.status,
    attributes: decodeAttributes(span.attributes),
    events: (span.events ?? []).map((event) => ({
      name: event.name,
      time: event.time_unix_nano,
      attributes: decodeAttributes(event.attributes),
    })),
    links: (span.links ?? []).map((link) => ({
      trace: hexOfBase64(link.trace_id),
      span: hexOfBase64(link.span_id),
      attributes: decodeAttributes(link.attributes),
    })),
  }));
}

/** Every export of a run succeeded, and there was at least one. */
export function assertAllExported(outcomes) {
  assert.ok(outcomes.length > 0, 'nothing was exported');
  assert.deepEqual(
    outcomes.filter(({ code }) => code !== 0).map(({ error }) => String(error)),
    [],
  );
}
