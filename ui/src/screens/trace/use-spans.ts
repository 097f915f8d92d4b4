/** Spans with their payloads, asked for in lots that are kept each by itself. */

import { useQueries, type UseQueryResult } from '@tanstack/react-query';

import type { Schemas } from '@/api/client';

import { spansQuery } from './queries';
import type { Span } from './transcript';
import type { SpanRow } from './tree';

export interface Loaded {
  spans: Span[];
  isLoading: boolean;
  error: Error | null;
  retry: () => void;
}

/** Of at most `AT_ONCE` spans each. */
export function useSpans(traceId: string, lots: SpanRow[][]): Loaded {
  return useQueries({
    queries: lots.map((lot) => spansQuery(traceId, lot.map(({ id }) => id), { isRunning: lot.some(({ duration_ms }) => duration_ms === null) })),
    combine: loaded,
  });
}

function loaded(lots: UseQueryResult<Schemas['SpansReply']>[]): Loaded {
  return {
    spans: lots.flatMap(({ data }) => data?.spans ?? []),
    isLoading: lots.some(({ isLoading }) => isLoading),
    error: lots.find(({ error }) => error)?.error ?? null,
    retry: () => lots.forEach(({ error, refetch }) => error && void refetch()),
  };
}
