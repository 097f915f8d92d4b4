/** Traces of any shape, over OTLP. */

import type { Server } from './server';

export interface SpanSent {
  id: number;
  parent?: number;
  name: string;
  /** Milliseconds after the trace began; without an end it still runs. */
  from: number;
  to?: number;
  failed?: string;
  /** What is not a text or a number is sent as JSON. */
  attributes?: Record<string, unknown>;
  events?: { name: string; attributes: Record<string, string> }[];
  /** Of another trace. */
  links?: { traceId: string; spanId: string }[];
}

const MS = 1_000_000;
const AT_ONCE = 4000;

const hex = (id: number, length: number) => id.toString(16).padStart(length, '0');
const attributesOf = (members: Record<string, unknown>) =>
  Object.entries(members).map(([key, value]) => ({ key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: typeof value === 'string' ? value : JSON.stringify(value) } }));

/** Sends a trace that began so many milliseconds ago; answers its id. */
export async function sendTrace(server: Server, experiment: string, number: number, spans: SpanSent[], ago = 60_000): Promise<string> {
  const traceId = `c${hex(number, 31)}`;
  const start = BigInt(Date.now() - ago) * BigInt(MS);
  const at = (ms: number) => String(start + BigInt(Math.round(ms * MS)));
  const sent = spans.map(({ id, parent, name, from, to, failed, attributes = {}, events = [], links = [] }) => ({
    traceId,
    spanId: hex(id + 1, 16),
    ...(parent === undefined ? {} : { parentSpanId: hex(parent + 1, 16) }),
    name,
    startTimeUnixNano: at(from),
    ...(to === undefined ? {} : { endTimeUnixNano: at(to) }),
    status: failed === undefined ? { code: 1 } : { code: 2, message: failed },
    attributes: attributesOf(attributes),
    events: events.map((event) => ({ name: event.name, timeUnixNano: at(to ?? from), attributes: attributesOf(event.attributes) })),
    links,
  }));
  const resource = { attributes: attributesOf({ 'service.name': experiment }) };
  for (let first = 0; first < sent.length; first += AT_ONCE) {
    await server.call('POST', '/v1/traces', { resourceSpans: [{ resource, scopeSpans: [{ spans: sent.slice(first, first + AT_ONCE) }] }] });
  }
  return `tr-${traceId}`;
}
