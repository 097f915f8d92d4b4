/** A row where there is no room for columns, as beside an open trace: what was asked, and below it what came of it. */

import { Ago, Duration, Money, TokenCount } from '@/components/quantity';
import { TraceState } from '@/components/trace-state';

import { column, type Row } from './columns';

/** Its height, in pixels. */
export const BRIEF_ROW = 42;
/** What the list has to be wide for columns. */
export const BRIEF_BELOW = 640;

export function BriefCells({ row, text }: { row: Row; text: string }) {
  const isSearched = text.trim() !== '';
  return (
    <span role="gridcell" className="flex min-w-0 flex-col gap-0.5 pr-3">
      <span className="flex items-center gap-2">
        <span className="min-w-0 flex-1 truncate">{row.request_preview ? column('request').cell(row, text) : (row.name ?? row.id)}</span>
        <span className="shrink-0 text-xs text-muted"><Ago at={row.start} /></span>
      </span>
      <span className="flex items-center gap-2 text-xs text-muted">
        <TraceState state={row.state} short />
        <span className="min-w-0 flex-1 truncate">{isSearched && row.hits?.length ? column('match').cell(row, text) : column('response').cell(row, text)}</span>
        <span className="shrink-0"><Duration ms={row.duration_ms} /></span>
        {row.tokens && <span className="shrink-0 @max-[320px]:hidden"><TokenCount count={row.tokens.total} /> tokens</span>}
        {row.cost && <span className="shrink-0 @max-[380px]:hidden"><Money dollars={row.cost.total} /></span>}
      </span>
    </span>
  );
}
