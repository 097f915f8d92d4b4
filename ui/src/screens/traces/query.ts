/** What the list asks the server: one question for page, counts, facets and histogram. */

import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';

import { call, type Schemas } from '@/api/client';

import { wholeFilter, type ListState } from './address';
import { column } from './columns';

export const PAGE = 100;
const LIVE_PAGE = 200;
const LIVE_MS = 2000;
/** Characters of a preview: what a column shows at its widest, and a tooltip. */
const PREVIEW = 400;
/** Bars of the histogram, at most. */
const BUCKETS = 120;

export const FACETS = ['state', 'name', 'span.name', 'span.model', 'user', 'span.type'] as const;

type Body = Schemas['SearchBody'];

function body(experimentId: string, state: ListState): Body {
  const { column: sorted, descending } = state.order;
  const key = column(sorted).orderBy ?? 'timestamp_ms';
  return {
    experiments: [experimentId],
    filter: wholeFilter(state, Date.now()),
    order_by: [`${key} ${descending ? 'DESC' : 'ASC'}`],
    limit: PAGE,
    max_preview: PREVIEW,
    hits: state.text.trim() !== '',
  };
}

/** Columns are how it is shown, not what is asked. */
function keyOf(experimentId: string, { filter, text, time, order }: ListState) {
  return [experimentId, filter, text, time, order] as const;
}

/** The first page, and counts over everything that matches. */
export const firstPage = (experimentId: string, state: ListState, tagKeys: string[]) =>
  queryOptions({
    queryKey: ['traces', ...keyOf(experimentId, state), state.live, tagKeys],
    queryFn: ({ signal }) =>
      call('post', '/traces/search', {
        body: {
          ...body(experimentId, state),
          limit: state.live ? LIVE_PAGE : PAGE,
          facets: [...FACETS, ...tagKeys.map((key) => `tag.${key}`)].map((property) => ({ property, limit: 12 })),
          histogram: { buckets: BUCKETS },
        },
        signal,
      }),
    placeholderData: keepPreviousData,
    refetchInterval: state.live ? LIVE_MS : false,
    refetchOnWindowFocus: state.live,
    staleTime: 2000,
  });

/** Further pages after `token`. */
export const furtherPages = (experimentId: string, state: ListState, token: string | null) =>
  infiniteQueryOptions({
    queryKey: ['more-traces', ...keyOf(experimentId, state), token],
    queryFn: ({ signal, pageParam }) => call('post', '/traces/search', { body: { ...body(experimentId, state), page_token: pageParam }, signal }),
    initialPageParam: token ?? '',
    getNextPageParam: (page) => page.next_page_token,
    // Begins when the reader comes near the end of the first page.
    enabled: false,
    staleTime: Infinity,
    // Pages do not change: comparing all of them with themselves for each further one would hold up the page.
    structuralSharing: false,
  });

export const tagKeysQuery = (experimentId: string) =>
  queryOptions({
    queryKey: ['tag-keys', experimentId],
    queryFn: ({ signal }) => call('get', '/keys', { query: { of: 'tag', experiments: experimentId, limit: '100' }, signal }),
    staleTime: 30_000,
  });
