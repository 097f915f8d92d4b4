/** The MLflow REST calls the tests need, over plain fetch, and a way to wait without sleeping blindly. */

import assert from 'node:assert/strict';

/**
 * One REST call. `path` starts after `/api/`, for example `3.0/mlflow/traces/search`.
 *
 * @param {string} url the server
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<{ status: number, body: any }>} `body` is parsed JSON, times as text; or the text if it is not JSON
 */
export async function call(url, method, path, body) {
  const reply = await fetch(`${url}/api/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await reply.text();
  try {
    return { status: reply.status, body: parse(text) };
  } catch {
    return { status: reply.status, body: text };
  }
}

/** JSON with nanosecond times as text: the numbers are beyond what a double holds exactly. */
function parse(text) {
  return JSON.parse(text.replaceAll(/("(?:start_time|end_time|time)_unix_nano"\s*:\s*)(\d+)/g, '$1"$2"'));
}

/**
 * Like {@link call}, for calls that must succeed; returns the body.
 *
 * @param {string} url
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 */
export async function ok(url, method, path, body) {
  const reply = await call(url, method, path, body);
  assert.equal(reply.status, 200, `${method} ${path}: ${JSON.stringify(reply.body)}`);
  return reply.body;
}

/** Creates an experiment with a name no other run has used; returns `{ id, name }`. */
export async function createExperiment(url, label) {
  const name = `${label}-${Date.now().toString(36)}-${Math.floor(Math.random() * 1e6).toString(36)}`;
  const { experiment_id: id } = await ok(url, 'POST', '2.0/mlflow/experiments/create', { name });
  return { id, name };
}

/** The experiment's traces matching `filter`, newest first. */
export async function searchTraces(url, experimentId, filter = '') {
  const body = await ok(url, 'POST', '3.0/mlflow/traces/search', {
    locations: [{ type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experimentId } }],
    filter,
    max_results: 100,
    order_by: ['timestamp DESC'],
  });
  return body.traces ?? [];
}

/** The trace info as `GET traces/{id}` shows it now. */
export async function traceInfo(url, traceId) {
  return (await ok(url, 'GET', `3.0/mlflow/traces/${traceId}`)).trace.trace_info;
}

/** Info and spans in the REST form, times as text. */
export async function getTrace(url, traceId) {
  return (await ok(url, 'GET', `3.0/mlflow/traces/get?trace_id=${traceId}`)).trace;
}

/** Decodes the `[{ key, value: AnyValue }]` list of a span, event or link. */
export function decodeAttributes(list) {
  return Object.fromEntries((list ?? []).map(({ key, value }) => [key, decodeAny(value)]));
}

function decodeAny(value) {
  if (value === undefined || value === null) return null;
  const [[kind, inner], ...rest] = Object.entries(value);
  assert.deepEqual(rest, [], 'an AnyValue holds exactly one field');
  switch (kind) {
    case 'string_value':
    case 'bool_value':
    case 'int_value':
    case 'double_value':
      return inner;
    case 'array_value':
      return (inner.values ?? []).map(decodeAny);
    case 'kvlist_value':
      return decodeAttributes(inner.values);
    default:
      throw new Error(`unknown AnyValue field ${kind}`);
  }
}

/** 16 or 32 hex digits of a base64 id. */
export function hexOfBase64(id) {
  return Buffer.from(id, 'base64').toString('hex');
}
