/** Traces logged the way the npm client `mlflow-tracing` does it: as an uploaded `traces.json`. */

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';

import { call, createExperiment, getTrace, searchTraces } from './support/api.mjs';
import { MlflowTracing } from './support/mlflow-tracing.mjs';
import { readSpans } from './support/otel.mjs';
import { needs, startServer } from './support/server.mjs';

/** @type {import('./support/server.mjs').Server} */
let server;
/** @type {{ id: string, name: string }} */
let experiment;
/** @type {MlflowTracing} */
let client;
/** @type {ReturnType<typeof nestedTrace>} */
let logged;

before(async () => {
  server = await startServer('mlflow-tracing');
  experiment = await createExperiment(server.url, 'npm');
  client = new MlflowTracing(server.url);
  logged = nestedTrace(experiment.id);
  await client.log(logged);
});

after(async () => {
  await server?.stop();
});

test('the client reads back what it logged', async () => {
  const { info, spans } = await client.get(logged.traceId);

  assert.equal(info.state, 'OK');
  assert.equal(info.execution_duration, '1.200s');
  assert.equal(info.trace_metadata['mlflow.trace.session'], 'npm-session');
  assert.deepEqual(
    spans,
    logged.spans.map(({ id, parent, name, status, attributes, events }) => ({
      id,
      parent,
      name,
      status,
      attributes: { 'mlflow.traceRequestId': logged.traceId, ...attributes },
      events: events.map((event) => ({ name: event.name, attributes: event.attributes })),
    })),
  );
});

test('the uploaded spans are spans like any others', needs('uploaded-spans'), async () => {
  const { trace_info: info, spans } = await getTrace(server.url, logged.traceId);

  assert.deepEqual(
    readSpans(spans).map(({ trace, id, parent, name, times, status }) => ({ trace, id, parent, name, times, status })),
    logged.spans.map(({ id, parent, name, start, end, status, message }) => ({
      trace: logged.traceId.slice('tr-'.length),
      id,
      parent,
      name,
      times: [String(start), String(end)],
      status: message ? { code: status, message } : { code: status },
    })),
  );
  assert.equal(info.request_preview, 'Oslo');
  assert.deepEqual(JSON.parse(info.response_preview), { degrees: 4 });
  assert.deepEqual(JSON.parse(info.trace_metadata['mlflow.trace.tokenUsage']), {
    input_tokens: 7,
    output_tokens: 3,
    total_tokens: 10,
  });
  const found = await searchTraces(server.url, experiment.id, "span.name = 'ask_model' AND span.status = 'ERROR'");
  assert.deepEqual(
    found.map(({ trace_id }) => trace_id),
    [logged.traceId],
  );
});

test('logging the same trace again changes nothing', async () => {
  const before = await client.get(logged.traceId);
  await client.log(logged);
  assert.deepEqual(await client.get(logged.traceId), before);
  assert.equal((await searchTraces(server.url, experiment.id)).length, 1);
});

test('a file that was never uploaded is not found', async () => {
  const path = `2.0/mlflow-artifacts/artifacts/${experiment.id}/traces/tr-${'0'.repeat(32)}/artifacts/traces.json`;
  const reply = await call(server.url, 'GET', path);
  assert.equal(reply.status, 404);
  assert.equal(typeof reply.body.error_code, 'string');
});

function nestedTrace(experimentId) {
  const start = BigInt(Date.now() - 60_000) * 1_000_000n + 123_457n;
  const at = (milliseconds) => start + BigInt(milliseconds) * 1_000_000n;
  const root = crypto.randomBytes(8).toString('hex');
  return {
    experimentId,
    traceId: `tr-${crypto.randomBytes(16).toString('hex')}`,
    metadata: { 'mlflow.trace.session': 'npm-session' },
    spans: [
      {
        id: root,
        parent: null,
        name: 'weather',
        start: at(0),
        end: at(1200),
        status: /** @type {const} */ ('STATUS_CODE_OK'),
        message: '',
        attributes: {
          'mlflow.spanType': 'CHAIN',
          'mlflow.spanInputs': { city: 'Oslo' },
          'mlflow.spanOutputs': { degrees: 4 },
        },
        events: [],
      },
      {
        id: crypto.randomBytes(8).toString('hex'),
        parent: root,
        name: 'ask_model',
        start: at(100),
        end: at(900),
        status: /** @type {const} */ ('STATUS_CODE_ERROR'),
        message: 'cut off',
        attributes: {
          'mlflow.spanType': 'LLM',
          'mlflow.spanInputs': 'How warm is Oslo?',
          'mlflow.chat.tokenUsage': { input_tokens: 7, output_tokens: 3, total_tokens: 10 },
          temperature: 0.5,
          stream: true,
        },
        events: [{ name: 'exception', time: at(899), attributes: { 'exception.message': 'cut off' } }],
      },
    ],
  };
}
