/** Many spans and traces, in few requests. */

import type { Server } from './server';

const MS = 1_000_000n;

/** One trace of so many spans: a hundred steps each below a step below the root; the last one says so. */
export async function sendLargeTrace(server: Server, count: number): Promise<string> {
  const traceId = 'ab'.repeat(16);
  const start = BigInt(Date.now()) * MS - 40_000n * MS;
  const idOf = (at: number) => (at + 1).toString(16).padStart(16, '0');
  const parentOf = (at: number) => (at === 0 ? {} : { parentSpanId: idOf(at % 100 === 1 ? 0 : at - ((at - 1) % 100)) });
  const span = (at: number) => ({
    traceId, spanId: idOf(at), ...parentOf(at),
    name: at === count - 1 ? 'the last one' : `step ${at % 7}`,
    startTimeUnixNano: String(start + BigInt(at) * MS), endTimeUnixNano: String(start + BigInt(at === 0 ? count : at + 1) * MS), status: { code: 1 }, attributes: [],
  });
  for (let from = 0; from < count; from += 4000) {
    const spans = Array.from({ length: Math.min(4000, count - from) }, (_, at) => span(from + at));
    await server.call('POST', '/v1/traces', { resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ spans }] }] });
  }
  return `tr-${traceId}`;
}

/** So many traces of one span, a millisecond apart, of different lengths; one of fifty failed. */
export async function sendManyTraces(server: Server, experiment: string, count: number): Promise<void> {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: experiment } }] };
  for (let from = 0; from < count; from += 500) {
    const spans = Array.from({ length: Math.min(500, count - from) }, (_, at) => {
      const number = (from + at + 1).toString(16);
      const start = BigInt(Date.now() - from - at) * MS;
      const attributes = [{ key: 'mlflow.spanInputs', value: { stringValue: JSON.stringify(`Question ${from + at} about ${experiment}: what is known of it, and since when?`) } }];
      return { traceId: `e${number.padStart(31, '0')}`, spanId: `e${number.padStart(15, '0')}`, name: 'many', startTimeUnixNano: String(start), endTimeUnixNano: String(start + MS * BigInt(1 + ((from + at) % 7))), status: { code: (from + at) % 50 === 0 ? 2 : 1 }, attributes };
    });
    await server.call('POST', '/v1/traces', { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
  }
}
