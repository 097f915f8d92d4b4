/** The sessions of an experiment: who talked, when, how long, and how it began. */

import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';

import { Empty, Failed, LoadingRows } from '@/components/states';
import { formatWhole } from '@/format';
import { useShortcuts } from '@/lib/shortcuts';
import { isFilterError, ScopeBar } from '@/screens/scope/scope-bar';
import { useScope, writeScope } from '@/screens/scope/use-scope';
import { ALL_TIME } from '@/screens/traces/address';
import { TimeRangePicker } from '@/screens/traces/time-range';
import { TopBar } from '@/shell/top-bar';

import { readOrder, writeOrder, type Order } from './address';
import { sessionsQuery } from './query';
import { SessionTable } from './table';

export function SessionsScreen() {
  const { experimentId } = useParams({ from: '/experiments/$experimentId/sessions' });
  return <SessionList key={experimentId} experimentId={experimentId} />;
}

function SessionList({ experimentId }: { experimentId: string }) {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const [scope, changeScope] = useScope();
  const order = useMemo(() => readOrder(search), [search]);
  const [focused, setFocused] = useState<string | null>(null);
  const found = useInfiniteQuery(sessionsQuery(experimentId, scope, order));
  const { data, error, hasNextPage, isFetching, fetchNextPage, refetch } = found;
  const sessions = useMemo(() => data?.pages.flatMap((page) => page.sessions) ?? [], [data]);

  const setOrder = (next: Order) => void navigate({ to: '.', search: { ...search, sort: writeOrder(next) } });
  const open = (id: string) => void navigate({ to: '/experiments/$experimentId/sessions/$sessionId', params: { experimentId, sessionId: id } });
  const step = (by: number) => {
    const at = sessions.findIndex(({ id }) => id === focused);
    setFocused(sessions[Math.min(sessions.length - 1, Math.max(0, at + by))]?.id ?? null);
  };
  useShortcuts({
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Enter: () => focused !== null && open(focused),
    Escape: () => setFocused(null),
  });

  const isFiltered = Object.values(writeScope(scope)).some((value) => value !== '');
  const first = data?.pages[0];
  return (
    <>
      <TopBar experimentId={experimentId} crumbs={[{ label: 'Sessions' }]}>
        <TimeRangePicker time={scope.time} onChange={(time) => changeScope({ time })} />
      </TopBar>
      <ScopeBar experimentId={experimentId} scope={scope} onScope={changeScope} error={error} />
      {first && sessions.length > 0 ? (
        <SessionTable
          experimentId={experimentId}
          sessions={sessions}
          order={order}
          onOrder={setOrder}
          focused={focused}
          hasMore={hasNextPage}
          isStale={found.isPlaceholderData}
          error={found.isFetchNextPageError ? error : null}
          onMore={() => !isFetching && void fetchNextPage()}
        />
      ) : first ? (
        isFiltered ? (
          <Empty title="Nothing matches">
            <button type="button" className="text-accent underline" onClick={() => changeScope({ filter: '', text: '', time: ALL_TIME })}>
              Show all sessions
            </button>
          </Empty>
        ) : (
          <NoSessions />
        )
      ) : isFilterError(error) ? (
        <Empty title="The filter cannot be read" />
      ) : error ? (
        <Failed error={error} onRetry={() => void refetch()} />
      ) : (
        <LoadingRows rows={30} />
      )}
      <footer role="status" className="mt-auto flex h-6 shrink-0 items-center border-t border-line bg-sunken px-3 text-xs text-muted figures">
        {first && `${formatWhole(first.total)} ${first.total === 1 ? 'session' : 'sessions'}${first.traces.exact ? '' : ' at least'}`}
        <span className="flex-1" />
        {isFetching && 'Loading…'}
      </footer>
    </>
  );
}

function NoSessions() {
  return (
    <Empty title="No sessions yet">
      Traces with the same session are one conversation. Say which one it is with the attribute <code>session.id</code>, <code>gen_ai.conversation.id</code> or MLflow&apos;s{' '}
      <code>mlflow.trace.session</code>.
    </Empty>
  );
}
