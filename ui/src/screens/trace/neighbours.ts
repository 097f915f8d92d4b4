import { useQuery } from '@tanstack/react-query';

import { call, type Schemas } from '@/api/client';
import { wholeFilter, type Scope } from '@/screens/traces/address';
import { and } from '@/screens/traces/filter-text';

type Row = Schemas['TraceRow'];

/** Traces that may have started in the same millisecond. */
const NEAR = 50;

/** The traces before and after one in the list, newest first. */
export function useNeighbours(experimentId: string, trace: Row | undefined, scope: Scope) {
  const at = trace ? Math.floor(Date.parse(trace.start)) : 0;
  const ask = (comparison: string, order: string) => ({
    queryKey: ['neighbours', experimentId, trace?.id, scope, order],
    queryFn: async ({ signal }: { signal: AbortSignal }) => {
      const body = { experiments: [experimentId], filter: and(wholeFilter(scope, Date.now()), `timestamp_ms ${comparison} ${at}`), order_by: [`timestamp_ms ${order}`], limit: NEAR };
      const { traces } = await call('post', '/traces/search', { body, signal });
      const here = traces.findIndex((row) => row.id === trace?.id);
      return traces[here + 1]?.id ?? null;
    },
    enabled: trace !== undefined,
  });
  const older = useQuery(ask('<=', 'DESC'));
  const newer = useQuery(ask('>=', 'ASC'));
  return { next: older.data ?? null, previous: newer.data ?? null };
}
