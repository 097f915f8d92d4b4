/** What the screen of a trace asks. */

import { queryOptions } from '@tanstack/react-query';

import { call } from '@/api/client';

import { MAX_TEXT } from './limits';

const RUNNING_MS = 2000;

export const treeQuery = (id: string) =>
  queryOptions({
    queryKey: ['trace', id, 'tree'],
    queryFn: ({ signal }) => call('get', '/traces/{trace_id}/tree', { path: { trace_id: id }, signal }),
    refetchInterval: ({ state }) => (state.data?.trace.state === 'IN_PROGRESS' ? RUNNING_MS : false),
  });

export const spansQuery = (id: string, spans: string[], whole = false) =>
  queryOptions({
    queryKey: ['trace', id, 'spans', spans.join(','), whole],
    queryFn: ({ signal }) => call('post', '/traces/{trace_id}/spans', { path: { trace_id: id }, body: { spans, ...(whole ? {} : { max_text: MAX_TEXT }) }, signal }),
    enabled: spans.length > 0,
  });

/** What spans cost and why, without their texts. */
export const derivationsQuery = (id: string, spans: string[]) =>
  queryOptions({
    queryKey: ['trace', id, 'derivations', spans.join(',')],
    queryFn: ({ signal }) => call('post', '/traces/{trace_id}/spans', { path: { trace_id: id }, body: { spans, max_text: 1 }, signal }),
    enabled: spans.length > 0,
  });
