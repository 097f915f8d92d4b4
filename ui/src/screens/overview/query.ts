/** Everything the screen shows, in one question. */

import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { call } from '@/api/client';
import { bounds, wholeFilter, type Scope } from '@/screens/traces/address';

import { intervalFor, MOST_BUCKETS } from './buckets';

const NAMES = 500;

export const overviewQuery = (experimentId: string, scope: Scope) =>
  queryOptions({
    queryKey: ['overview', experimentId, scope],
    queryFn: async ({ signal }) => {
      const now = Date.now();
      const asked = bounds(scope.time, now);
      const body = {
        experiments: [experimentId],
        filter: wholeFilter(scope, now),
        tables: [
          { ...(asked ? { interval_ms: intervalFor(asked) } : { buckets: MOST_BUCKETS }), limit: 2000 },
          {},
          { of: 'spans', group_by: ['span.name', 'span.type'], figures: ['duration'], limit: NAMES },
          { of: 'spans', group_by: ['span.model'], limit: NAMES },
        ],
        heatmap: { buckets: MOST_BUCKETS },
      };
      const { count, tables, heatmap } = await call('post', '/stats', { body, signal });
      const [time, all, spans, models] = tables;
      return { asked, count, time, total: all?.groups[0], spans: spans?.groups ?? [], models: models?.groups ?? [], heatmap };
    },
    placeholderData: keepPreviousData,
    staleTime: 5000,
  });
