/** What the screen of a trace asks. */

import { queryOptions, type QueryClient } from '@tanstack/react-query';

import { call } from '@/api/client';

import { MAX_TEXT } from './limits';

const RUNNING_MS = 2000;

export const treeQuery = (id: string) =>
  queryOptions({
    queryKey: ['trace', id, 'tree'],
    queryFn: ({ signal }) => call('get', '/traces/{trace_id}/tree', { path: { trace_id: id }, signal }),
    refetchInterval: ({ state }) => (state.data?.trace.state === 'IN_PROGRESS' ? RUNNING_MS : false),
  });

/** Spans that one question takes. */
export const AT_ONCE = 100;

interface Wanted {
  /** Texts to their end. */
  whole?: boolean;
  /** Some of them have not ended: asked again until they have. */
  isRunning?: boolean;
}

export const spansQuery = (id: string, spans: string[], { whole = false, isRunning = false }: Wanted = {}) =>
  queryOptions({
    queryKey: ['trace', id, 'spans', spans.join(','), whole, isRunning],
    queryFn: ({ signal }) => call('post', '/traces/{trace_id}/spans', { path: { trace_id: id }, body: { spans, ...(whole ? {} : { max_text: MAX_TEXT }) }, signal }),
    enabled: spans.length > 0,
    refetchInterval: isRunning ? RUNNING_MS : false,
  });

/** What spans cost and why, without their texts. */
export const derivationsQuery = (id: string, spans: string[]) =>
  queryOptions({
    queryKey: ['trace', id, 'derivations', spans.join(',')],
    queryFn: ({ signal }) => call('post', '/traces/{trace_id}/spans', { path: { trace_id: id }, body: { spans, max_text: 1 }, signal }),
    // What was paid does not change while somebody looks.
    staleTime: 60_000,
  });

/** The tree of a trace, and then the span that is shown first. */
export async function askEarly(queries: QueryClient, id: string): Promise<void> {
  try {
    const [first] = (await queries.query(treeQuery(id))).spans;
    if (first) await queries.query(spansQuery(id, [first.id], { isRunning: first.duration_ms === null }));
  } catch {
    // Who shows it asks again, and tells what is wrong.
  }
}
