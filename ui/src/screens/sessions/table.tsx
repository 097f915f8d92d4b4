/** The rows of sessions: only those in sight are there, further ones are asked for as they come near. */

import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useEffect, useRef, type ReactNode } from 'react';

import type { Schemas } from '@/api/client';
import { Ago, Duration, Money, TokenCount } from '@/components/quantity';
import { Failed } from '@/components/states';
import { formatWhole } from '@/format';
import { cx } from '@/lib/cx';
import { readable } from '@/screens/traces/readable';

import type { Order, OrderKey } from './address';

type Session = Schemas['SessionView'];

interface Props {
  experimentId: string;
  sessions: Session[];
  order: Order;
  focused: string | null;
  hasMore: boolean;
  isStale: boolean;
  error: Error | null;
  onOrder: (order: Order) => void;
  onMore: () => void;
}

interface Column {
  title: string;
  width: string;
  orderBy?: OrderKey;
  isFigure?: boolean;
  cell: (session: Session) => ReactNode;
}

const COLUMNS: Column[] = [
  { title: 'Last activity', width: '108px', orderBy: 'last', cell: ({ last }) => <Ago at={last} /> },
  { title: 'Session', width: 'minmax(118px, 0.7fr)', cell: ({ id }) => <span className="font-mono text-xs">{id}</span> },
  { title: 'First request', width: 'minmax(134px, 2fr)', cell: ({ oldest }) => said(oldest?.request_preview) },
  { title: 'User', width: 'minmax(70px, 0.35fr)', cell: ({ newest }) => text(newest.user) },
  { title: 'Agent', width: 'minmax(80px, 0.45fr)', cell: ({ newest }) => text(newest.name) },
  { title: 'Turns', width: '60px', orderBy: 'traces', isFigure: true, cell: ({ traces }) => formatWhole(traces) },
  { title: 'Duration', width: '76px', orderBy: 'duration', isFigure: true, cell: ({ duration_ms }) => <Duration ms={duration_ms} /> },
  { title: 'Tokens', width: '66px', orderBy: 'tokens', isFigure: true, cell: ({ tokens }) => <TokenCount count={tokens.total} /> },
  { title: 'Cost', width: '78px', orderBy: 'cost', isFigure: true, cell: ({ cost }) => <Money dollars={cost} /> },
  { title: 'Errors', width: '60px', orderBy: 'errors', isFigure: true, cell: ({ errors }) => <span className={errors > 0 ? 'text-error' : 'text-faint'}>{formatWhole(errors)}</span> },
];

const GRID = { gridTemplateColumns: COLUMNS.map(({ width }) => width).join(' '), minWidth: 850 };
const ROW = 23;

export function SessionTable({ experimentId, sessions, order, focused, hasMore, isStale, error, onOrder, onMore }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: sessions.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 12 });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const isNearEnd = hasMore && !error && last > sessions.length - 40;
  useEffect(() => {
    if (isNearEnd) onMore();
  }, [isNearEnd, sessions.length, onMore]);

  const focusedAt = focused === null ? -1 : sessions.findIndex(({ id }) => id === focused);
  useEffect(() => {
    if (focusedAt >= 0) virtual.scrollToIndex(focusedAt);
    // Only when the focus moves: scrolling by hand is not undone.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [focusedAt]);

  return (
    <div
      ref={scroller}
      role="grid"
      aria-label="Sessions"
      aria-rowcount={hasMore ? -1 : sessions.length + 1}
      tabIndex={0}
      className={cx('relative min-h-0 flex-1 overflow-auto outline-none', isStale && 'opacity-60 transition-opacity delay-200')}
    >
      <div role="row" aria-rowindex={1} className="sticky top-0 z-10 grid h-[26px] border-b border-line bg-page px-1 text-sm text-muted" style={GRID}>
        {COLUMNS.map((column) => (
          <Heading key={column.title} column={column} order={order} onOrder={onOrder} />
        ))}
      </div>
      <div className="relative" style={{ height: virtual.getTotalSize(), minWidth: GRID.minWidth }} role="presentation">
        {items.map(({ index, start }) => {
          const session = sessions[index];
          if (!session) return null;
          return (
            <div key={session.id} role="row" aria-rowindex={index + 2} className="absolute top-0 left-0 w-full" style={{ minWidth: GRID.minWidth, transform: `translateY(${start}px)` }}>
              <SessionRow experimentId={experimentId} session={session} isFocused={session.id === focused} />
            </div>
          );
        })}
      </div>
      {error ? <Failed error={error} onRetry={onMore} /> : <p className="sticky left-0 px-3 py-2 text-sm text-faint">{hasMore ? 'Loading…' : 'That is all of them'}</p>}
    </div>
  );
}

function SessionRow({ experimentId, session, isFocused }: { experimentId: string; session: Session; isFocused: boolean }) {
  return (
    <div
      role="presentation"
      data-session={session.id}
      className={cx('relative grid h-row items-center border-b border-line/60 px-1 text-sm hover:bg-hover', isFocused && 'bg-hover shadow-[inset_2px_0_0_var(--color-accent)]')}
      style={GRID}
    >
      {COLUMNS.map(({ title, isFigure, cell }) => (
        <span key={title} role="gridcell" className={cx('truncate px-2', isFigure && 'text-right figures')}>
          {title === 'Session' ? (
            <Link
              to="/experiments/$experimentId/sessions/$sessionId"
              params={{ experimentId, sessionId: session.id }}
              title={session.id}
              // The whole row is the link.
              className="text-accent after:absolute after:inset-0"
            >
              {cell(session)}
            </Link>
          ) : (
            cell(session)
          )}
        </span>
      ))}
    </div>
  );
}

function Heading({ column: { title, orderBy, isFigure }, order, onOrder }: { column: Column; order: Order; onOrder: (order: Order) => void }) {
  const isSorted = orderBy === order.key;
  return (
    <span role="columnheader" aria-sort={isSorted ? (order.descending ? 'descending' : 'ascending') : undefined} className={cx('flex min-w-0 items-center px-2', isFigure && 'justify-end')}>
      {orderBy === undefined ? (
        <span className="truncate">{title}</span>
      ) : (
        <button type="button" className="flex min-w-0 items-center gap-0.5 hover:text-text" onClick={() => onOrder({ key: orderBy, descending: isSorted ? !order.descending : true })}>
          <span className="truncate">{title}</span>
          {isSorted && (order.descending ? <ArrowDown size={12} className="shrink-0" aria-hidden /> : <ArrowUp size={12} className="shrink-0" aria-hidden />)}
        </button>
      )}
    </span>
  );
}

function said(preview: string | null | undefined): ReactNode {
  if (!preview) return text(null);
  const words = readable(preview);
  return <span title={words.slice(0, 1000)}>{words.slice(0, 400)}</span>;
}

function text(value: string | null): ReactNode {
  return value ? <span title={value}>{value}</span> : <span className="text-faint">–</span>;
}
