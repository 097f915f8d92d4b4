/**
 * Three traces for the web UI walk, sent as other programs would send them: spans as OTLP/JSON, then
 * the trace's info through MLflow's REST call, then an assessment and a tag.
 */

import assert from 'node:assert/strict';
import crypto from 'node:crypto';

import { createExperiment, ok } from './api.mjs';

const MS = 1_000_000n;

/**
 * What each seeded trace shows in the list. Words are chosen so that a text search finds one trace only.
 *
 * @typedef {object} Seeded
 * @property {string} traceId `tr-` and 32 hex digits
 * @property {string} request the request preview
 * @property {string} response the response preview
 */

/**
 * @param {string} url the server
 * @returns {Promise<{ experiment: { id: string, name: string }, restaurant: Seeded, weather: Seeded, broken: Seeded }>}
 */
export async function seedWalk(url) {
  const experiment = await createExperiment(url, 'ui-walk');
  const now = BigInt(Date.now()) * MS;

  const restaurant = await sendTrace(url, experiment.id, {
    name: 'concierge',
    start: now - 60_000n * MS,
    request: 'Book a table for two at Trattoria Zafferano',
    response: 'Reserved for 19:30',
    state: 'OK',
    spans: (root) => [
      span(root, {
        name: 'plan_evening',
        type: 'LLM',
        from: 10n,
        to: 900n,
        inputs: { messages: [{ role: 'user', content: 'Which restaurant suits?' }] },
        outputs: { choices: [{ message: { role: 'assistant', content: 'Zafferano is free tonight' } }] },
        more: { 'mlflow.chat.tokenUsage': { input_tokens: 120, output_tokens: 30, total_tokens: 150 } },
      }),
      span(root, {
        name: 'call_restaurant',
        type: 'TOOL',
        from: 910n,
        to: 1400n,
        inputs: { phone: '+39 02 555 0199' },
        outputs: null,
        more: { 'call.attempts': 2 },
        error: { type: 'LineBusyError', message: 'the first call found the line busy' },
      }),
    ],
  });
  const weather = await sendTrace(url, experiment.id, {
    name: 'forecast',
    start: now - 50_000n * MS,
    request: 'Will it rain in Bergen tomorrow',
    response: 'Yes, bring an umbrella',
    state: 'OK',
    spans: () => [],
  });
  const broken = await sendTrace(url, experiment.id, {
    name: 'translator',
    start: now - 40_000n * MS,
    request: 'Translate the harbour sign',
    response: 'null',
    state: 'ERROR',
    spans: () => [],
  });

  await ok(url, 'PATCH', `3.0/mlflow/traces/${weather.traceId}/tags`, { key: 'team', value: 'blue' });
  await ok(url, 'POST', `3.0/mlflow/traces/${weather.traceId}/assessments`, {
    assessment: {
      assessment_name: 'groundedness',
      source: { source_type: 'LLM_JUDGE', source_id: 'judge-1' },
      feedback: { value: 'yes' },
      rationale: 'the forecast says so',
    },
  });
  return { experiment, restaurant, weather, broken };
}

async function sendTrace(url, experimentId, { name, start, request, response, state, spans }) {
  const trace = crypto.randomBytes(16).toString('hex');
  const root = { trace, start, id: crypto.randomBytes(8).toString('hex') };
  const children = spans(root);
  const length = 1500n;
  const rootSpan = {
    traceId: trace,
    spanId: root.id,
    name,
    kind: 1,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + length * MS),
    attributes: attributes({
      'mlflow.spanType': 'AGENT',
      'mlflow.spanInputs': { question: request },
      'mlflow.spanOutputs': state === 'ERROR' ? null : { answer: response },
    }),
    status: state === 'ERROR' ? { code: 2, message: 'no dictionary' } : { code: 1 },
  };
  const exported = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-mlflow-experiment-id': experimentId },
    body: JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: attributes({ 'service.name': 'concierge-app' }) },
          scopeSpans: [{ scope: { name: 'seed' }, spans: [rootSpan, ...children] }],
        },
      ],
    }),
  });
  assert.equal(exported.status, 200, await exported.text());

  const traceId = `tr-${trace}`;
  await ok(url, 'POST', '3.0/mlflow/traces', {
    trace: {
      trace_info: {
        trace_id: traceId,
        trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experimentId } },
        request_time: new Date(Number(start / MS)).toISOString(),
        execution_duration: `${Number(length) / 1000}s`,
        state,
        request_preview: request,
        response_preview: response,
        trace_metadata: { 'mlflow.trace_schema.version': '3', 'mlflow.trace.session': 'evening-1' },
        tags: { 'mlflow.traceName': name },
      },
    },
  });
  return { traceId, request, response };
}

/** A child of `root`, whose times are milliseconds after the root's start. */
function span(root, { name, type, from, to, inputs, outputs, error = /** @type {any} */ (undefined), more = {} }) {
  const at = (offset) => String(root.start + offset * MS);
  return {
    traceId: root.trace,
    spanId: crypto.randomBytes(8).toString('hex'),
    parentSpanId: root.id,
    name,
    kind: 1,
    startTimeUnixNano: at(from),
    endTimeUnixNano: at(to),
    attributes: attributes({
      'mlflow.spanType': type,
      'mlflow.spanInputs': inputs,
      'mlflow.spanOutputs': outputs,
      ...more,
    }),
    events: error
      ? [
          {
            name: 'exception',
            timeUnixNano: at(to - 1n),
            attributes: attributes({
              'exception.type': error.type,
              'exception.message': error.message,
              'exception.stacktrace': `${error.type}: ${error.message}\n    at call_restaurant`,
            }),
          },
        ]
      : [],
    status: error ? { code: 2, message: error.message } : { code: 1 },
  };
}

/** OTLP/JSON attributes; structured values travel as JSON text, as generic OTLP exporters send them. */
function attributes(values) {
  return Object.entries(values)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value) {
  if (Number.isInteger(value)) return { intValue: String(value) };
  return { stringValue: typeof value === 'string' ? value : JSON.stringify(value) };
}
