/** The rows: only those in sight are there, further ones are asked for as they come near. */

import { getCoreRowModel, useReactTable, type ColumnDef, type ColumnSizingState, type RowSelectionState } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState, type DragEvent, type KeyboardEvent, type MouseEvent, type PointerEvent, type ReactNode, type RefObject } from 'react';

import { cx } from '@/lib/cx';

import type { ListState, ShownColumn } from './address';
import { BRIEF_BELOW, BRIEF_ROW, BriefCells } from './brief-row';
import { column, type ColumnId, type Row } from './columns';

interface Props {
  rows: Row[];
  text: string;
  columns: ShownColumn[];
  order: ListState['order'];
  selected: ReadonlySet<string>;
  focused: string | null;
  /** Rows that came while the reader watched. */
  fresh: ReadonlySet<string>;
  hasMore: boolean;
  isStale: boolean;
  /** Something stands beside it: where columns do not fit, rows say the most of it in two lines. */
  isBeside: boolean;
  /** Below the last row. */
  foot: ReactNode;
  /** Where the reader was when this list was left. */
  scrollKey: string;
  onColumns: (columns: ShownColumn[]) => void;
  onOrder: (order: ListState['order']) => void;
  onOpen: (row: Row) => void;
  onSelect: (row: Row, range: boolean) => void;
  onSelectAll: (all: boolean) => void;
  onMore: () => void;
}

const ROW = 23;
const CHECK = 30;
const NARROWEST = 40;
/** Pixels by which a key makes a column wider. */
const KEY_STEP = 16;

const places = new Map<string, number>();

export function TraceTable(props: Props) {
  const { rows, text, columns, order, selected, focused, fresh, hasMore, isStale, foot, scrollKey } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const table = useTable(rows, columns, selected);
  const isBrief = useIsNarrow(scroller) && props.isBeside;
  const height = isBrief ? BRIEF_ROW : ROW;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    initialOffset: () => places.get(scrollKey) ?? 0,
  });
  useLayoutEffect(() => virtual.measure(), [virtual, height]);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const { onMore } = props;
  useEffect(() => {
    if (hasMore && last > rows.length - 40) onMore();
  }, [hasMore, last, rows.length, onMore]);

  const focusedAt = focused === null ? -1 : rows.findIndex((row) => row.id === focused);
  useEffect(() => {
    if (focusedAt >= 0) virtual.scrollToIndex(focusedAt);
    // Only when the focus moves, or the rows change their size: scrolling by hand is not undone.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [focusedAt, height]);

  const grid = useMemo(() => (isBrief ? BRIEF_GRID : gridOf(columns)), [isBrief, columns]);
  const all = rows.length > 0 && selected.size >= rows.length;

  return (
    <div
      ref={scroller}
      role="grid"
      aria-label="Traces"
      aria-rowcount={hasMore ? -1 : rows.length + 1}
      aria-multiselectable
      aria-busy={isStale}
      aria-activedescendant={focusedAt >= 0 ? `trace-${focused ?? ''}` : undefined}
      tabIndex={0}
      className={cx('@container relative min-h-0 flex-1 overflow-auto -outline-offset-2', isStale && 'cursor-progress')}
      onScroll={(event) => places.set(scrollKey, event.currentTarget.scrollTop)}
    >
      <div role="row" aria-rowindex={1} className="sticky top-0 z-10 grid h-[26px] border-b border-line bg-page text-sm text-muted" style={grid}>
        <span role="columnheader" className="flex items-center justify-center">
          <input type="checkbox" aria-label="Select all rows that are loaded" className="accent-accent" checked={all} onChange={() => props.onSelectAll(!all)} />
        </span>
        {isBrief ? (
          <span role="columnheader" className="flex items-center">
            Trace
          </span>
        ) : (
          table.getHeaderGroups()[0]?.headers.map((header) => <Heading key={header.id} id={header.id as ColumnId} {...props} order={order} />)
        )}
      </div>
      <div className="relative" style={{ height: virtual.getTotalSize(), minWidth: grid.minWidth }} role="presentation">
        {items.map(({ index, start }) => {
          const row = rows[index];
          if (!row) return null;
          return (
            <TraceRow
              key={row.id}
              row={row}
              index={index}
              top={start}
              grid={grid}
              height={height}
              columns={isBrief ? null : columns}
              text={text}
              isSelected={selected.has(row.id)}
              isFocused={row.id === focused}
              isFresh={fresh.has(row.id)}
              onOpen={props.onOpen}
              onSelect={props.onSelect}
            />
          );
        })}
      </div>
      {foot}
    </div>
  );
}

const BRIEF_GRID = { gridTemplateColumns: `${CHECK}px minmax(0, 1fr)`, minWidth: 0 };

/** Whether it is too narrow for columns, now. */
function useIsNarrow(element: RefObject<HTMLElement | null>): boolean {
  const [isNarrow, setNarrow] = useState(false);
  useLayoutEffect(() => {
    const { current } = element;
    if (!current) return;
    const look = () => setNarrow(current.clientWidth < BRIEF_BELOW);
    look();
    const observer = new ResizeObserver(look);
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return isNarrow;
}

function gridOf(columns: ShownColumn[]): RowProps['grid'] {
  const widths = columns.map(({ id, width }) => (width === null && column(id).grows ? `minmax(${column(id).width}px, 1fr)` : `${width ?? column(id).width}px`));
  return { gridTemplateColumns: `${CHECK}px ${widths.join(' ')}`, minWidth: CHECK + columns.reduce((sum, { id, width }) => sum + (width ?? column(id).width), 0) };
}

/** The model of columns and selection; how they are drawn is ours. */
function useTable(rows: Row[], columns: ShownColumn[], selected: ReadonlySet<string>) {
  const model = useMemo<ColumnDef<Row>[]>(() => columns.map(({ id }) => ({ id, header: column(id).title, size: column(id).width })), [columns]);
  const columnSizing = useMemo<ColumnSizingState>(() => Object.fromEntries(columns.flatMap(({ id, width }) => (width === null ? [] : [[id, width]]))), [columns]);
  const rowSelection = useMemo<RowSelectionState>(() => Object.fromEntries([...selected].map((id) => [id, true])), [selected]);
  return useReactTable({ data: rows, columns: model, state: { columnSizing, rowSelection, columnOrder: columns.map(({ id }) => id) }, getRowId: (row) => row.id, getCoreRowModel: getCoreRowModel() });
}

interface RowProps {
  row: Row;
  index: number;
  top: number;
  height: number;
  grid: { gridTemplateColumns: string; minWidth: number };
  /** `null` where there is no room for them. */
  columns: ShownColumn[] | null;
  text: string;
  isSelected: boolean;
  isFocused: boolean;
  isFresh: boolean;
  onOpen: (row: Row) => void;
  onSelect: (row: Row, range: boolean) => void;
}

/** While the list scrolls, rows that stay in sight are not made again. */
const TraceRow = memo(function TraceRow({ row, index, top, height, grid, columns, text, isSelected, isFocused, isFresh, onOpen, onSelect }: RowProps) {
  return (
    <div
      role="row"
      id={`trace-${row.id}`}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      data-trace={row.id}
      className={cx(
        'absolute top-0 left-0 grid w-full cursor-pointer items-center border-b border-line/60 text-sm hover:bg-hover',
        isSelected && 'bg-selected',
        isFocused && 'shadow-[inset_2px_0_0_var(--color-accent)] bg-hover',
        isFresh && 'animate-arrive',
      )}
      style={{ ...grid, height, transform: `translateY(${top}px)` }}
      onClick={() => onOpen(row)}
    >
      <span role="gridcell" className="flex h-full items-center justify-center" onClick={(event: MouseEvent) => event.stopPropagation()}>
        <input
          type="checkbox"
          aria-label={`Select trace ${row.id}`}
          className="accent-accent"
          checked={isSelected}
          onClick={(event) => onSelect(row, event.shiftKey)}
          onChange={() => undefined}
        />
      </span>
      {columns === null ? (
        <BriefCells row={row} text={text} />
      ) : (
        columns.map(({ id }) => (
          <span key={id} role="gridcell" className={cx('truncate px-2', column(id).isFigure && 'text-right')}>
            {column(id).cell(row, text)}
          </span>
        ))
      )}
    </div>
  );
});

/** A title: a click sorts, dragging it moves the column, dragging its edge makes it wider. */
function Heading({ id, columns, order, onColumns, onOrder }: Pick<Props, 'columns' | 'order' | 'onColumns' | 'onOrder'> & { id: ColumnId }) {
  const [isOver, setOver] = useState(false);
  const cell = useRef<HTMLSpanElement>(null);
  const { title, isFigure, orderBy } = column(id);
  const isSorted = order.column === id;
  const sort = () => onOrder({ column: id, descending: isSorted ? !order.descending : true });

  const setWidth = (pixels: number) => onColumns(columns.map((shown) => (shown.id === id ? { id, width: Math.max(NARROWEST, pixels) } : shown)));
  const widthNow = () => cell.current?.offsetWidth ?? column(id).width;
  const resize = (event: PointerEvent<HTMLSpanElement>) => {
    event.preventDefault();
    event.stopPropagation();
    const edge = event.currentTarget;
    const width = widthNow();
    const from = event.clientX;
    edge.setPointerCapture(event.pointerId);
    edge.onpointermove = (move) => setWidth(width + move.clientX - from);
    edge.onpointerup = () => {
      edge.onpointermove = null;
      edge.onpointerup = null;
    };
  };
  /** Puts a column in the place of another one. */
  const move = (moved: ShownColumn | undefined, place: number) => {
    if (!moved || place < 0 || place >= columns.length) return;
    const others = columns.filter((shown) => shown !== moved);
    onColumns([...others.slice(0, place), moved, ...others.slice(place)]);
  };
  const at = columns.findIndex((shown) => shown.id === id);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    move(columns.find((shown) => shown.id === event.dataTransfer.getData('text/x-column')), at);
  };
  const byKeys = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    if (event.shiftKey) move(columns[at], at + step);
    else setWidth(widthNow() + step * KEY_STEP);
  };
  return (
    <span
      ref={cell}
      role="columnheader"
      aria-label={title}
      aria-sort={isSorted ? (order.descending ? 'descending' : 'ascending') : undefined}
      draggable
      onDragStart={(event) => event.dataTransfer.setData('text/x-column', id)}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={cx('relative flex min-w-0 items-center px-2', isFigure && 'justify-end', isOver && 'shadow-[inset_2px_0_0_var(--color-accent)]')}
    >
      {orderBy === undefined ? (
        <span className="truncate">{title}</span>
      ) : (
        <button type="button" onClick={sort} className="flex min-w-0 items-center gap-0.5 hover:text-text">
          <span className="truncate">{title}</span>
          {isSorted && (order.descending ? <ArrowDown size={12} className="shrink-0" aria-hidden /> : <ArrowUp size={12} className="shrink-0" aria-hidden />)}
        </button>
      )}
      <span
        role="separator"
        aria-orientation="vertical"
        aria-label={`Width of ${title}; with Shift its place`}
        aria-valuenow={Math.round(columns[at]?.width ?? column(id).width)}
        aria-valuemin={NARROWEST}
        tabIndex={0}
        className="absolute inset-y-1 -right-1 z-10 w-2 cursor-col-resize border-r border-transparent hover:border-line-strong focus-visible:border-accent"
        onPointerDown={resize}
        onKeyDown={byKeys}
      />
    </span>
  );
}
