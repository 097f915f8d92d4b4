/**
 * The wire habits of the npm client `mlflow-tracing` 0.1, spoken without the package:
 * the trace's info first, then always an upload of `traces.json` to the place the reply names; reading
 * goes the same two ways. Its oddities are kept on purpose.
 */

import assert from 'node:assert/strict';

const LOCATION_TAG = 'mlflow.artifactLocation';

/**
 * @typedef {object} LoggedSpan
 * @property {string} id  16 hex digits
 * @property {string | null} parent
 * @property {string} name
 * @property {bigint} start  nanoseconds
 * @property {bigint} end
 * @property {'STATUS_CODE_OK' | 'STATUS_CODE_ERROR'} status
 * @property {string} [message]
 * @property {Record<string, unknown>} attributes  decoded values, as this client sends them
 * @property {{ name: string, time: bigint, attributes: Record<string, unknown> }[]} [events]
 */

export class MlflowTracing {
  /** @param {string} url the server */
  constructor(url) {
    this.url = url;
  }

  /**
   * @param {{ experimentId: string, traceId: string, spans: LoggedSpan[], metadata?: Record<string, string> }} trace
   */
  async log({ experimentId, traceId, spans, metadata = {} }) {
    const root = spans.find((span) => span.parent === null);
    assert.ok(root, 'a trace has a root');
    const milliseconds = Number(root.start / 1_000_000n);
    const reply = await this.request('POST', '/api/3.0/mlflow/traces', {
      trace: {
        trace_info: {
          trace_id: traceId,
          trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experimentId } },
          request_time: new Date(milliseconds).toISOString(),
          execution_duration: `${(Number(root.end / 1_000_000n) - milliseconds) / 1000}s`,
          state: root.status === 'STATUS_CODE_ERROR' ? 'ERROR' : 'OK',
          trace_metadata: { 'mlflow.trace_schema.version': '3', ...metadata },
          tags: {},
          assessments: [],
        },
      },
    });
    const uploaded = await this.request('PUT', artifactPath(reply.trace.trace_info), tracesJson(traceId, spans));
    assert.equal(uploaded, undefined, 'the client parses any body that is not announced as empty');
  }

  /** The trace's info, and its spans with attributes decoded. */
  async get(traceId) {
    const { trace } = await this.request('GET', `/api/3.0/mlflow/traces/${traceId}`);
    const { spans } = await this.request('GET', artifactPath(trace.trace_info));
    return { info: trace.trace_info, spans: spans.map(readSpan) };
  }

  /** Throws for anything but 2xx, reads nothing when the length is 0, and parses JSON otherwise. */
  async request(method, path, body) {
    const reply = await fetch(this.url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'object' ? JSON.stringify(body) : body,
    });
    if (!reply.ok) throw new Error(`${method} ${path}: HTTP ${reply.status} ${await reply.text()}`);
    if (reply.status === 204 || reply.headers.get('content-length') === '0') return undefined;
    return reply.json();
  }
}

function artifactPath(info) {
  const location = new URL(info.tags[LOCATION_TAG]);
  assert.equal(location.protocol, 'mlflow-artifacts:');
  return `/api/2.0/mlflow-artifacts/artifacts${location.pathname}/traces.json`;
}

/** The file's text: JSON, but with integers that JSON.stringify cannot write. */
function tracesJson(traceId, spans) {
  const bare = (value) => `<bare ${value}>`;
  const file = {
    spans: spans.map((span) => ({
      trace_id: misreadTraceId(traceId),
      span_id: Buffer.from(span.id, 'hex').toString('base64'),
      parent_span_id: span.parent === null ? '' : Buffer.from(span.parent, 'hex').toString('base64'),
      name: span.name,
      start_time_unix_nano: bare(span.start),
      end_time_unix_nano: bare(span.end),
      status: { code: span.status, message: span.message ?? '' },
      attributes: { 'mlflow.traceRequestId': traceId, ...span.attributes },
      events: (span.events ?? []).map((event) => ({
        name: event.name,
        time_unix_nano: bare(event.time),
        attributes: event.attributes,
      })),
      links: [],
    })),
  };
  return JSON.stringify(file).replaceAll(/"<bare (\d+)>"/g, '$1');
}

/** The client reads the whole text `tr-…` as hex digits, so this is not the trace's id. */
function misreadTraceId(traceId) {
  const bytes = Array.from({ length: 16 }, (_, i) => Number.parseInt(traceId.slice(2 * i, 2 * i + 2), 16));
  return Buffer.from(Uint8Array.from(bytes)).toString('base64');
}

function readSpan(span) {
  return {
    id: hexOf(span.span_id),
    parent: span.parent_span_id ? hexOf(span.parent_span_id) : null,
    name: span.name,
    status: span.status.code,
    attributes: Object.fromEntries(Object.entries(span.attributes).map(([key, value]) => [key, decode(value)])),
    events: span.events.map(({ name, attributes }) => ({ name, attributes })),
  };
}

function hexOf(id) {
  return Buffer.from(id, 'base64').toString('hex');
}

/** The client takes an attribute for JSON text and, failing that, for what it is. */
function decode(value) {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
