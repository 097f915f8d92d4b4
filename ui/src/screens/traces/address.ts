/** The state of the list as its address has it. */

import type { Search } from '@/routes';

import { column as columnOf, DEFAULT_COLUMNS, isColumn, type ColumnId } from './columns';
import { and, hasText } from './filter-text';

/** Lengths of time up to now that can be chosen. */
export const RANGES = {
  '15m': ['Last 15 minutes', 15 * 60_000],
  '1h': ['Last hour', 3_600_000],
  '6h': ['Last 6 hours', 6 * 3_600_000],
  '24h': ['Last 24 hours', 86_400_000],
  '7d': ['Last 7 days', 7 * 86_400_000],
  '30d': ['Last 30 days', 30 * 86_400_000],
  '90d': ['Last 90 days', 90 * 86_400_000],
} as const;

export type RangeName = keyof typeof RANGES;

export interface TimeRange {
  /** Up to now. */
  last: RangeName | null;
  /** Milliseconds since 1970; both or neither, and only without `last`. */
  from: number | null;
  to: number | null;
}

export interface ShownColumn {
  id: ColumnId;
  /** As it was dragged to. */
  width: number | null;
}

export interface ListState {
  filter: string;
  text: string;
  time: TimeRange;
  order: { column: ColumnId; descending: boolean };
  columns: ShownColumn[];
  live: boolean;
}

/** What of a state says which traces are meant. */
export type Scope = Pick<ListState, 'filter' | 'text' | 'time'>;

export const ALL_TIME: TimeRange = { last: null, from: null, to: null };
export const NEWEST_FIRST: ListState['order'] = { column: 'start', descending: true };

export function readAddress(search: Partial<Search>, remembered: string | null): ListState {
  return {
    filter: search.q ?? '',
    text: search.text ?? '',
    time: readTime(search),
    order: readOrder(search.sort),
    columns: readColumns(search.cols ?? remembered),
    live: search.live === '1',
  };
}

/** What differs from what is assumed; an empty text leaves a parameter out. */
export function writeAddress(state: ListState): Search {
  const { filter, text, time, order, columns, live } = state;
  const cols = writeColumns(columns);
  const isNewest = order.column === NEWEST_FIRST.column && order.descending;
  return {
    q: filter,
    text,
    ...writeTime(time),
    sort: isNewest ? '' : `${order.column} ${order.descending ? 'desc' : 'asc'}`,
    cols: cols === writeColumns(DEFAULT_COLUMNS) ? '' : cols,
    live: live ? '1' : '',
  };
}

/** An empty text leaves a parameter out. */
export function writeTime({ last, from, to }: TimeRange): Search {
  return {
    range: last ?? '',
    from: from === null ? '' : new Date(from).toISOString(),
    to: to === null ? '' : new Date(to).toISOString(),
  };
}

export function readTime(search: Partial<Search>): TimeRange {
  const { range } = search;
  if (range !== undefined && range in RANGES) return { ...ALL_TIME, last: range as RangeName };
  const from = Date.parse(search.from ?? '');
  const to = Date.parse(search.to ?? '');
  return from < to ? { last: null, from, to } : ALL_TIME;
}

function readOrder(text: string | undefined): ListState['order'] {
  const [column, direction] = (text ?? '').split(' ');
  if (!isColumn(column) || columnOf(column).orderBy === undefined) return NEWEST_FIRST;
  return { column, descending: direction !== 'asc' };
}

export function readColumns(text: string | null | undefined): ShownColumn[] {
  const seen = new Set<string>();
  const columns = (text ?? '').split(',').flatMap<ShownColumn>((item) => {
    const [id, width] = item.split(':');
    if (!isColumn(id) || seen.has(id)) return [];
    seen.add(id);
    const pixels = Number(width);
    return [{ id, width: width && pixels >= 40 && pixels <= 2000 ? pixels : null }];
  });
  return columns.length > 0 ? columns : DEFAULT_COLUMNS;
}

export function writeColumns(columns: ShownColumn[]): string {
  return columns.map(({ id, width }) => (width === null ? id : `${id}:${Math.round(width)}`)).join(',');
}

/** First and last instant that is asked for. */
export function bounds(time: TimeRange, now: number): { from: number; to: number } | null {
  if (time.last !== null) return { from: now - RANGES[time.last][1], to: now };
  return time.from !== null && time.to !== null ? { from: time.from, to: time.to } : null;
}

/** The filter the server is asked: what was typed comes first, so that places in it can be told apart. */
export function wholeFilter(state: Scope, now: number): string {
  const text = state.text.trim();
  const time = bounds(state.time, now);
  // Up to now means without an end: what arrives in the meantime belongs to it.
  const end = time && state.time.last === null ? ` AND timestamp_ms < ${Math.ceil(time.to)}` : '';
  return and(
    state.filter.trim() === '' ? '' : `(${state.filter})`,
    text === '' ? '' : hasText(text),
    time ? `timestamp_ms >= ${Math.floor(time.from)}${end}` : '',
  );
}

/** A refusal of the whole filter, about what was typed: the parentheses around it do not count. */
export function aboutTyped(message: string, typed: string): { message: string; at: number | null } {
  const found = /at character (\d+)/.exec(message);
  if (!found) return { message, at: null };
  const place = Math.max(1, Number(found[1]) - 1);
  const said = message.replace(found[0], `at character ${place}`);
  return { message: place > typed.length ? said.replace('found `)`', 'found the end') : said, at: place - 1 };
}
