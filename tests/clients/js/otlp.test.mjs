/** Traces sent by the OpenTelemetry JS SDK over each transport it has, read back through MLflow's REST API. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Metadata } from '@grpc/grpc-js';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoExporter } from '@opentelemetry/exporter-trace-otlp-proto';

import { createExperiment, getTrace, ok, searchTraces, traceInfo } from './support/api.mjs';
import { assertAllExported, openTracer, readSpans, recordAnswer } from './support/otel.mjs';
import { isReference, needs, startServer } from './support/server.mjs';

/** @type {import('./support/server.mjs').Server} */
let server;

before(async () => {
  server = await startServer('otlp');
});

after(async () => {
  await server?.stop();
});

const uncompressed = /** @type {any} */ ('none');
const gzip = /** @type {any} */ ('gzip');

/** Exporters of the SDK under the names the tests use; `experimentId` may be left out. */
const transports = {
  protobuf: (compression, experimentId) =>
    new ProtoExporter({ url: `${server.url}/v1/traces`, headers: experimentHeader(experimentId), compression }),
  JSON: (compression, experimentId) =>
    new JsonExporter({ url: `${server.url}/v1/traces`, headers: experimentHeader(experimentId), compression }),
  gRPC: (compression, experimentId) => {
    const metadata = new Metadata();
    for (const [key, value] of Object.entries(experimentHeader(experimentId))) metadata.set(key, value);
    return new GrpcExporter({ url: server.grpcUrl, metadata, compression });
  },
};

/** @returns {Record<string, string>} */
function experimentHeader(experimentId) {
  return experimentId === undefined ? {} : { 'x-mlflow-experiment-id': experimentId };
}

/** Records the answer trace, exports it with `exporter` and returns what must be found. */
async function send(exporter, service) {
  const app = openTracer(exporter, service);
  const expected = recordAnswer(app.tracer);
  assertAllExported(await app.flush());
  await app.close();
  return expected;
}

/** The trace is in the experiment, alone, with the info and spans that were recorded. */
async function assertStored(expected, experimentId, service) {
  const { trace_info: info, spans } = await getTrace(server.url, expected.traceId);
  assert.deepEqual(readSpans(spans), expected.spans);
  assert.equal(info.state, 'OK');
  assert.equal(info.execution_duration, '1.500s');
  assert.equal(info.trace_location.mlflow_experiment.experiment_id, experimentId);
  assert.equal(info.request_preview, 'Who wrote Solaris?');
  assert.equal(info.response_preview, 'Stanisław Lem');
  assert.equal(info.tags['service.name'], service);
  assert.equal(info.tags['deployment.environment.name'], 'test');

  assert.deepEqual(await searchTraces(server.url, experimentId), [info]);
  const failed = await searchTraces(server.url, experimentId, "span.name = 'call_model' AND span.status = 'ERROR'");
  assert.deepEqual(
    failed.map(({ trace_id }) => trace_id),
    [expected.traceId],
  );
  assert.deepEqual(await searchTraces(server.url, experimentId, "span.name = 'call_nobody'"), []);
}

async function experimentNamed(name) {
  const found = await ok(
    server.url,
    'GET',
    `2.0/mlflow/experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`,
  );
  return found.experiment.experiment_id;
}

function uniqueService(label) {
  return `${label}-${Date.now().toString(36)}-${process.pid}`;
}

describe('OTLP into the experiment named by the header', () => {
  for (const transport of ['protobuf', 'JSON']) {
    for (const compression of [uncompressed, gzip]) {
      test(`${transport}, compression ${compression}`, async () => {
        const { id } = await createExperiment(server.url, 'otlp-js');
        const expected = await send(transports[transport](compression, id), 'answers');
        if (transport === 'JSON' && isReference()) loseLinks(expected);
        await assertStored(expected, id, 'answers');
      });
    }
  }

  for (const compression of [uncompressed, gzip]) {
    test(`gRPC, compression ${compression}`, needs('grpc'), async () => {
      const { id } = await createExperiment(server.url, 'otlp-js-grpc');
      const expected = await send(transports.gRPC(compression, id), 'answers');
      await assertStored(expected, id, 'answers');
    });
  }
});

describe('OTLP without the header goes to the experiment named like service.name', () => {
  for (const transport of ['protobuf', 'JSON']) {
    test(transport, needs('experiment-by-service'), async () => {
      const service = uniqueService(`service-${transport}`);
      const expected = await send(transports[transport](gzip), service);
      await assertStored(expected, await experimentNamed(service), service);
    });
  }

  test('gRPC', needs('grpc'), async () => {
    const service = uniqueService('service-grpc');
    const expected = await send(transports.gRPC(uncompressed), service);
    await assertStored(expected, await experimentNamed(service), service);
  });

  test('the port for OTLP/HTTP alone', needs('otlp-http-port'), async () => {
    const service = uniqueService('service-port');
    const expected = await send(new ProtoExporter({ url: `${server.otlpUrl}/v1/traces` }), service);
    await assertStored(expected, await experimentNamed(service), service);
  });
});

test('a trace arriving in two exports is in progress until its root has come', async () => {
  const { id } = await createExperiment(server.url, 'otlp-js-parts');
  const app = openTracer(transports.protobuf(uncompressed, id), 'parts');
  const root = app.tracer.startSpan('late_root', {}, ROOT_CONTEXT);
  const traceId = `tr-${root.spanContext().traceId}`;

  app.tracer.startSpan('early_child', {}, trace.setSpan(ROOT_CONTEXT, root)).end();
  assertAllExported(await app.flush());
  assert.equal((await traceInfo(server.url, traceId)).state, 'IN_PROGRESS');

  root.end();
  assertAllExported(await app.flush());
  await app.close();
  const { trace_info: info, spans } = await getTrace(server.url, traceId);
  assert.equal(info.state, 'OK');
  assert.deepEqual(
    spans.map(({ name }) => name),
    ['late_root', 'early_child'],
  );
});

test('an unknown experiment is refused once, without retries', async () => {
  const app = openTracer(transports.protobuf(uncompressed, '987654321'), 'lost');
  recordAnswer(app.tracer);
  const started = Date.now();
  const outcomes = await app.flush();
  await app.close();
  assert.deepEqual(
    outcomes.map(({ code, error }) => [code, /** @type {any} */ (error)?.code]),
    [[1, 404]],
  );
  assert.ok(Date.now() - started < 1000, 'the exporter retried a permanent refusal');
});

/** What the reference does to links that arrive as JSON: see `needs` for the others it lacks. */
function loseLinks(expected) {
  for (const span of expected.spans) span.links = [];
}
