import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';

import { call } from '@/api/client';
import { wholeFilter, type Scope } from '@/screens/traces/address';

import { ofSession, type Order } from './address';
import { spansToAsk } from './whole-text';

const PAGE = 100;
export const TURNS = 500;

/** Sessions, a page at a time. */
export const sessionsQuery = (experimentId: string, scope: Scope, order: Order) =>
  infiniteQueryOptions({
    queryKey: ['sessions', experimentId, scope, order],
    queryFn: ({ signal, pageParam }) =>
      call('post', '/sessions/search', {
        body: {
          experiments: [experimentId],
          filter: wholeFilter(scope, Date.now()),
          order_by: `${order.key} ${order.descending ? 'DESC' : 'ASC'}`,
          limit: PAGE,
          ...(pageParam === null ? {} : { page_token: pageParam }),
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_page_token,
    placeholderData: keepPreviousData,
    staleTime: 2000,
  });

/** The traces of one session, the first one first. */
export const turnsQuery = (experimentId: string, session: string) =>
  infiniteQueryOptions({
    queryKey: ['turns', experimentId, session],
    queryFn: ({ signal, pageParam }) =>
      call('post', '/traces/search', {
        body: {
          experiments: [experimentId],
          filter: ofSession(session),
          order_by: ['timestamp_ms ASC'],
          limit: TURNS,
          ...(pageParam === null ? {} : { page_token: pageParam }),
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_page_token,
    staleTime: 2000,
  });

/** The sums of a session with more turns than a page has. */
export const sumsQuery = (experimentId: string, session: string) =>
  queryOptions({
    queryKey: ['session-sums', experimentId, session],
    queryFn: async ({ signal }) => {
      const reply = await call('post', '/sessions/search', { body: { experiments: [experimentId], filter: ofSession(session), limit: 1 }, signal });
      return reply.sessions.find(({ id }) => id === session) ?? null;
    },
    enabled: false,
  });

/** What the spans of a turn say, with all their texts. */
export const textsQuery = (traceId: string) =>
  queryOptions({
    queryKey: ['trace', traceId, 'texts'],
    queryFn: async ({ signal }) => {
      const path = { trace_id: traceId };
      const { spans } = await call('get', '/traces/{trace_id}/tree', { path, signal });
      return call('post', '/traces/{trace_id}/spans', { path, body: { spans: spansToAsk(spans) }, signal });
    },
    staleTime: 60_000,
  });
