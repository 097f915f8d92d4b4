/** The traces of an experiment. */

import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { PanelLeft, Radio } from 'lucide-react';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';

import { ApiError, type Schemas } from '@/api/client';
import { experimentQuery } from '@/api/queries';
import { IconButton } from '@/components/button';
import { Empty, Failed, LoadingRows } from '@/components/states';
import { formatWhole } from '@/format';
import { useShortcuts } from '@/lib/shortcuts';
import { SendTraces } from '@/screens/help/send-traces';
import { AT_FIRST, elsewhere, readPlace, type Place } from '@/screens/trace/place';
import { askEarly } from '@/screens/trace/queries';
import { TopBar } from '@/shell/top-bar';

import { aboutTyped, ALL_TIME, bounds, wholeFilter, writeAddress, type ListState } from './address';
import { ColumnMenu } from './column-menu';
import type { Row } from './columns';
import { Facets, LoadingFacets } from './facets';
import { FilterBar } from './filter-bar';
import { Histogram } from './histogram';
import { firstPage, furtherPages, tagKeysQuery } from './query';
import { ExportMenu, SelectionBar } from './selection-bar';
import { TraceTable } from './table';
import { TextSearch } from './text-search';
import { TimeRangePicker } from './time-range';
import { useListState } from './use-list-state';
import { useSelection } from './use-selection';

const NO_KEYS: string[] = [];

const loadDrawer = () => import('./drawer');
const Drawer = lazy(loadDrawer);

export function TracesScreen() {
  const { experimentId } = useParams({ from: '/experiments/$experimentId/traces' });
  // Another experiment is another screen: nothing that was chosen here is meant there.
  return <TraceList key={experimentId} experimentId={experimentId} />;
}

function TraceList({ experimentId }: { experimentId: string }) {
  const [state, change] = useListState();
  const navigate = useNavigate();
  const [openTags, setOpenTags] = useState<string[]>([]);
  const [hasFacets, setFacets] = useState(() => window.innerWidth >= 1000);
  const [focused, setFocused] = useState<string | null>(null);
  const [filterFocus, setFilterFocus] = useState(0);
  const textField = useRef<HTMLInputElement>(null);

  const { first, page, isStale, rows, fresh, more } = useRows(experimentId, state, openTags);
  const tagKeys = useQuery(tagKeysQuery(experimentId));
  const { selected, select, selectAll, clear } = useSelection(rows);

  const list = useMemo(() => writeAddress(state), [state]);
  const address = useSearch({ strict: false });
  const shownTrace = address.trace || null;
  const place = useMemo(() => readPlace(address), [address]);
  const drawer = useRef<HTMLElement>(null);
  const current = shownTrace ?? focused;
  // The first one is a step one can go back from, those after it are not.
  const queries = useQueryClient();
  const show = useCallback(
    (id: string | null, next: Place) => {
      if (id) {
        setFocused(id);
        // Its spans are on their way while the screen makes room for it.
        if (id !== shownTrace) void askEarly(queries, id);
      }
      void navigate({ to: '.', search: { ...list, trace: id ?? '', ...next }, replace: shownTrace !== null });
    },
    [navigate, queries, list, shownTrace],
  );
  const open = useCallback((row: Row) => show(row.id, shownTrace === null ? { ...AT_FIRST, find: state.text.trim() } : elsewhere(place)), [show, shownTrace, state.text, place]);
  const openPage = useCallback(
    (row: Row) => void navigate({ to: '/experiments/$experimentId/traces/$traceId', params: { experimentId, traceId: row.id }, search: { ...list, find: state.text.trim() } }),
    [navigate, experimentId, list, state.text],
  );
  const close = () => show(null, AT_FIRST);
  useEffect(() => {
    // Opening the first trace does not wait for it.
    const timer = window.setTimeout(() => void loadDrawer(), 1000);
    return () => window.clearTimeout(timer);
  }, []);
  const step = (by: number) => {
    const at = rows.findIndex(({ id }) => id === current);
    const row = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    if (!row) return;
    if (shownTrace === null) setFocused(row.id);
    else open(row);
  };
  const currentRow = rows.find(({ id }) => id === current);
  useShortcuts(
    {
      j: () => step(1),
      k: () => step(-1),
      ArrowDown: () => step(1),
      ArrowUp: () => step(-1),
      Enter: () => currentRow && (shownTrace === null ? open(currentRow) : openPage(currentRow)),
      x: () => currentRow && select(currentRow, false),
      '/': () => textField.current?.focus(),
      f: () => setFilterFocus((count) => count + 1),
      l: () => change({ live: !state.live }),
      Escape: () => (shownTrace !== null ? close() : selected.size > 0 ? clear() : setFocused(null)),
    },
    { outside: drawer },
  );

  const error = first.error instanceof ApiError ? first.error : null;
  const isFilterError = error?.field === 'filter';
  const isEmpty = page !== undefined && rows.length === 0;
  const shown = useMemo<ListState['columns']>(() => withMatch(state), [state]);
  const time = useMemo(() => bounds(state.time, Date.now()), [state.time]);
  const isFiltered = state.filter !== '' || state.text !== '' || state.time !== ALL_TIME;
  const { refetch } = first;
  const changeFilter = useCallback((filter: string) => change({ filter }), [change]);
  const chooseTime = useCallback((from: number, to: number) => change({ time: { last: null, from, to } }), [change]);

  return (
    <>
      <TopBar experimentId={experimentId} crumbs={[{ label: 'Traces' }]}>
        <IconButton label="Live (l)" aria-pressed={state.live} onClick={() => change({ live: !state.live })}>
          <Radio size={15} className={state.live ? 'animate-pulse' : undefined} />
        </IconButton>
        <TimeRangePicker time={state.time} onChange={(time) => change({ time })} />
        <ColumnMenu columns={state.columns} onColumns={(columns) => change({ columns })} />
        <ExportMenu experimentId={experimentId} filter={wholeFilter(state, Date.now())} ids={null} label="Export all that match" />
      </TopBar>
      <div className="flex h-9 shrink-0 items-center gap-2 border-b border-line px-3">
        <IconButton label="Values at the left" aria-pressed={hasFacets} className="-ml-1.5 max-md:hidden" onClick={() => setFacets(!hasFacets)}>
          <PanelLeft size={15} />
        </IconButton>
        <FilterBar
          experimentId={experimentId}
          filter={state.filter}
          onFilter={(filter) => change({ filter })}
          error={error?.field === 'filter' ? aboutTyped(error.message, state.filter) : null}
          focusCount={filterFocus}
        />
        <TextSearch text={state.text} onText={(text) => change({ text })} fieldRef={textField} />
      </div>
      <div className="flex min-h-0 flex-1">
        {hasFacets && shownTrace === null && page?.facets && !(isEmpty && !isFiltered) && (
          <Facets
            facets={page.facets}
            tagKeys={tagKeys.data?.values ?? NO_KEYS}
            openTags={openTags}
            onOpenTags={setOpenTags}
            filter={state.filter}
            onFilter={changeFilter}
          />
        )}
        {hasFacets && shownTrace === null && !page && !first.error && <LoadingFacets />}
        <div className="flex min-w-0 flex-1 flex-col">
          <div className="relative h-0" aria-hidden>
            {first.isPlaceholderData && <div className="absolute inset-x-0 top-0 z-20 h-0.5 animate-pulse bg-accent" />}
          </div>
          {!(isEmpty && !isFiltered) && <Histogram histogram={page?.histogram} bounds={time} onChoose={chooseTime} />}
          {page ? (
            rows.length > 0 ? (
              <TraceTable
                rows={rows}
                text={state.text}
                columns={shown}
                order={state.order}
                selected={selected}
                focused={current}
                fresh={fresh}
                hasMore={more.hasMore}
                isStale={isStale}
                isBeside={shownTrace !== null}
                scrollKey={`${experimentId} ${state.filter} ${state.text} ${JSON.stringify(state.time)}`}
                foot={<Foot more={more} live={state.live} count={rows.length} />}
                onColumns={(columns) => change({ columns: columns.filter(({ id }) => id !== 'match') })}
                onOrder={(order) => change({ order })}
                onOpen={open}
                onSelect={select}
                onSelectAll={selectAll}
                onMore={more.fetch}
              />
            ) : isFiltered ? (
              <Empty title="Nothing matches">
                <button type="button" className="text-accent underline" onClick={() => change({ filter: '', text: '', time: ALL_TIME })}>
                  Show all traces
                </button>
              </Empty>
            ) : (
              <FirstTrace experimentId={experimentId} onArrived={() => void refetch()} />
            )
          ) : first.error && !isFilterError ? (
            <Failed error={first.error} onRetry={() => void refetch()} />
          ) : isFilterError ? (
            <Empty title="The filter cannot be read" />
          ) : (
            <>
              <div className="h-[26px] shrink-0 border-b border-line" />
              <LoadingRows rows={30} />
            </>
          )}
          {selected.size > 0 && <SelectionBar experimentId={experimentId} ids={[...selected]} onClear={clear} onDeleted={(ids) => shownTrace !== null && ids.includes(shownTrace) && close()} />}
          <Totals count={isFilterError ? undefined : page?.count} isFetching={first.isFetching} live={state.live} />
        </div>
        {shownTrace !== null && (
          <Suspense fallback={<aside aria-label="Trace" className="w-[68%] shrink-0 border-l border-line-strong"><LoadingRows /></aside>}>
            <Drawer
              experimentId={experimentId}
              traceId={shownTrace}
              place={place}
              rows={rows}
              scope={state}
              list={list}
              drawer={drawer}
              onPlace={(next) => show(shownTrace, next)}
              onTrace={(id) => show(id, elsewhere(place))}
              onClose={close}
              onMore={more.hasMore ? more.fetch : null}
            />
          </Suspense>
        )}
      </div>
    </>
  );
}

/** The first page and those after it, as one list. */
function useRows(experimentId: string, state: ListState, openTags: string[]) {
  const first = useQuery(firstPage(experimentId, state, openTags));
  // What was there stays while a filter is not one yet.
  const [last, setLast] = useState(first.data);
  if (first.data && first.data !== last) setLast(first.data);
  const isOld = first.error instanceof ApiError && first.error.field === 'filter' && last !== undefined;
  const page = first.data ?? (isOld ? last : undefined);
  const isStale = first.isPlaceholderData || isOld;
  const token = (isOld ? undefined : page)?.next_page_token ?? null;
  const further = useInfiniteQuery(furtherPages(experimentId, state, token));
  const rows = useMemo(() => {
    const pages = [page, ...(isStale || state.live ? [] : (further.data?.pages ?? []))];
    const seen = new Set<string>();
    // A trace that changed between two pages would be there twice.
    return pages.flatMap((page) => page?.traces ?? []).filter(({ id }) => {
      const isNew = !seen.has(id);
      seen.add(id);
      return isNew;
    });
  }, [page, isStale, further.data, state.live]);

  const known = useRef<ReadonlySet<string> | null>(null);
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    const before = state.live ? known.current : null;
    known.current = new Set(rows.map(({ id }) => id));
    const arrived = before ? rows.filter(({ id }) => !before.has(id)).map(({ id }) => id) : [];
    setFresh((was) => (was.size === 0 && arrived.length === 0 ? was : new Set(arrived)));
  }, [rows, state.live]);

  const hasBegun = further.data !== undefined;
  const { fetchNextPage, refetch, isFetching, hasNextPage } = further;
  const fetch = useCallback(() => {
    if (isFetching || state.live) return;
    void (hasBegun ? fetchNextPage() : refetch());
  }, [isFetching, state.live, hasBegun, fetchNextPage, refetch]);
  const more = { hasMore: token !== null && !state.live && (!hasBegun || hasNextPage), error: further.error, fetch };
  return { first, page, isStale, rows, fresh, more };
}

/** While a text is searched, where it was found stands beside the request. */
function withMatch(state: ListState): ListState['columns'] {
  if (state.text.trim() === '') return state.columns;
  const at = state.columns.findIndex(({ id }) => id === 'request') + 1;
  return [...state.columns.slice(0, at), { id: 'match', width: null }, ...state.columns.slice(at)];
}

function Foot({ more, live, count }: { more: { hasMore: boolean; error: Error | null; fetch: () => void }; live: boolean; count: number }) {
  if (more.error) return <Failed error={more.error} onRetry={more.fetch} />;
  if (more.hasMore) return <p className="sticky left-0 px-3 py-2 text-sm text-faint">Loading…</p>;
  const text = live ? `The newest ${formatWhole(count)}; more when live is off` : 'That is all of them';
  return <p className="sticky left-0 px-3 py-2 text-sm text-faint">{text}</p>;
}

function Totals({ count, isFetching, live }: { count: Schemas['CountView'] | undefined; isFetching: boolean; live: boolean }) {
  if (!count) return null;
  const text = count.exact
    ? `${formatWhole(count.at_least)} ${count.at_least === 1 ? 'trace' : 'traces'}`
    : `${formatWhole(count.at_least)} to ${formatWhole(count.at_most)} traces`;
  return (
    <footer role="status" className="flex h-6 shrink-0 items-center gap-3 border-t border-line bg-sunken px-3 text-xs text-muted figures">
      <span>{text}</span>
      {!count.exact && <span>counted for half a second; add a condition for an exact number</span>}
      <span className="flex-1" />
      {live ? <span className="text-accent">Live</span> : isFetching && <span>Loading…</span>}
    </footer>
  );
}

/** An experiment without traces waits for its first. */
function FirstTrace({ experimentId, onArrived }: { experimentId: string; onArrived: () => void }) {
  const { data, error } = useQuery({ ...experimentQuery(experimentId), refetchInterval: ({ state }) => (state.status === 'error' ? false : 2000) });
  const traces = data?.traces ?? 0;
  useEffect(() => {
    if (traces > 0) onArrived();
  }, [traces, onArrived]);
  if (error) return <Failed error={error} />;
  return (
    <div className="min-h-0 flex-1 overflow-auto">
      <div className="mx-auto max-w-2xl px-6 py-8">
        <h2 className="text-lg font-semibold">No traces yet</h2>
        <p className="mb-5 text-muted" role="status">
          Waiting for the first one… it shows here by itself.
        </p>
        <SendTraces experiment={data?.name} />
      </div>
    </div>
  );
}
