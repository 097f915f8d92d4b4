/** The columns a list of traces can have. */

import type { ReactNode } from 'react';

import type { Schemas } from '@/api/client';
import { Ago, Duration, Money, TokenCount } from '@/components/quantity';
import { Tag } from '@/components/tag';
import { TraceState } from '@/components/trace-state';
import { formatWhole } from '@/format';

import type { ShownColumn } from './address';
import { Highlighted } from './highlight';
import { readable } from './readable';
import { isOwnTag } from './tags';

export type Row = Schemas['TraceRow'];

export interface Column {
  title: string;
  width: number;
  /** Takes what is left of the window. */
  grows?: boolean;
  isFigure?: boolean;
  /** A key of `order_by`, where the server can sort by it. */
  orderBy?: string;
  cell: (row: Row, text: string) => ReactNode;
}

export const COLUMNS = {
  start: { title: 'Time', width: 74, orderBy: 'timestamp_ms', cell: (row) => <Ago at={row.start} /> },
  state: { title: 'State', width: 78, orderBy: 'status', cell: (row) => <TraceState state={row.state} /> },
  id: { title: 'Trace ID', width: 92, cell: (row) => <span className="font-mono text-xs text-muted" title={row.id}>{shortId(row.id)}</span> },
  name: { title: 'Name', width: 140, orderBy: 'name', cell: (row) => text(row.name) },
  request: { title: 'Request', width: 130, grows: true, cell: (row, words) => <Preview text={row.request_preview} words={words} /> },
  response: { title: 'Response', width: 130, grows: true, cell: (row, words) => <Preview text={row.response_preview} words={words} isMuted /> },
  match: { title: 'Match', width: 220, grows: true, cell: (row) => <Match row={row} /> },
  duration: { title: 'Execution time', width: 112, isFigure: true, orderBy: 'execution_time_ms', cell: (row) => <Duration ms={row.duration_ms} /> },
  tokens: { title: 'Tokens', width: 60, isFigure: true, cell: (row) => <TokenCount count={row.tokens?.total} /> },
  cost: { title: 'Cost', width: 84, isFigure: true, cell: (row) => <Money dollars={row.cost?.total} /> },
  session: { title: 'Session', width: 130, cell: (row) => text(row.session) },
  user: { title: 'User', width: 100, cell: (row) => text(row.user) },
  models: { title: 'Model', width: 140, cell: (row) => text(row.models.join(', ')) },
  tags: { title: 'Tags', width: 180, cell: (row) => <Tags row={row} /> },
  assessments: { title: 'Assessments', width: 150, cell: (row) => <Assessments row={row} /> },
  spans: { title: 'Spans', width: 56, isFigure: true, cell: (row) => <span className="figures">{formatWhole(row.span_count)}</span> },
} satisfies Record<string, Column>;

export type ColumnId = keyof typeof COLUMNS;

export const COLUMN_IDS = Object.keys(COLUMNS) as ColumnId[];

/** Shown by itself while a text is searched. */
export const CHOOSABLE = COLUMN_IDS.filter((id) => id !== 'match');

export const DEFAULT_COLUMNS: ShownColumn[] = (['start', 'state', 'id', 'request', 'response', 'duration', 'tokens', 'cost'] as const).map((id) => ({
  id,
  width: null,
}));

export function isColumn(id: string | undefined): id is ColumnId {
  return id !== undefined && Object.hasOwn(COLUMNS, id);
}

/** A column with all it may have, whichever it is. */
export function column(id: ColumnId): Column {
  return COLUMNS[id];
}

function shortId(id: string): string {
  return id.replace(/^tr-/, '').slice(0, 10);
}

function text(value: string | null): ReactNode {
  return value ? <span title={value}>{value}</span> : <Nothing />;
}

function Nothing() {
  return <span className="text-faint">–</span>;
}

function Preview({ text: preview, words, isMuted = false }: { text: string | null; words: string; isMuted?: boolean }) {
  if (!preview) return <Nothing />;
  const said = readable(preview);
  return (
    <span className={isMuted ? 'text-muted' : undefined} title={said.slice(0, 1000)}>
      <Highlighted text={said.slice(0, 200)} words={words} />
    </span>
  );
}

/** Letters shown before a match. */
const CONTEXT = 12;

/** The first place the searched text was found at. */
function Match({ row }: { row: Row }) {
  const hit = row.hits?.[0];
  if (!hit) return <Nothing />;
  // Ranges count code points.
  const letters = Array.from(hit.snippet);
  // A line is short: little of what is before the match, from the beginning of a word on.
  const first = hit.ranges[0]?.[0] ?? 0;
  const word = letters.slice(Math.max(0, first - CONTEXT), first).indexOf(' ') + 1;
  const start = first <= CONTEXT ? 0 : first - CONTEXT + word;
  const pieces: ReactNode[] = start > 0 ? ['…'] : [];
  let at = start;
  hit.ranges.forEach(([from = 0, to = 0], place) => {
    pieces.push(letters.slice(at, from).join(''), <mark key={place}>{letters.slice(from, to).join('')}</mark>);
    at = to;
  });
  pieces.push(letters.slice(at).join(''));
  return (
    <span title={`${hit.span_name ? `${hit.span_name}, ` : ''}${hit.field}:\n${hit.snippet}`}>
      <span className="text-faint">{hit.field} </span>
      {pieces}
    </span>
  );
}

function Tags({ row }: { row: Row }) {
  const tags = Object.entries(row.tags).filter(([key]) => isOwnTag(key));
  if (tags.length === 0) return <Nothing />;
  return (
    <span className="flex gap-1 overflow-hidden">
      {tags.slice(0, 4).map(([key, value]) => (
        <Tag key={key} name={key} value={value} />
      ))}
      {tags.length > 4 && <span className="text-xs text-faint">+{tags.length - 4}</span>}
    </span>
  );
}

function Assessments({ row }: { row: Row }) {
  if (row.assessments.length === 0) return <Nothing />;
  return (
    <span className="flex gap-1 overflow-hidden">
      {row.assessments.slice(0, 3).map(({ id, name, value }) => (
        <Tag key={id} name={name} value={typeof value === 'string' ? value : JSON.stringify(value)} />
      ))}
    </span>
  );
}
