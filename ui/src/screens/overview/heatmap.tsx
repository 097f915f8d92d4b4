import { Link } from '@tanstack/react-router';

import type { Schemas } from '@/api/client';
import { formatAbsolute, formatDuration, formatTick, formatWhole } from '@/format';
import type { Search } from '@/routes';

import { roomy } from './buckets';
import { Panel } from './chart';

interface Props {
  experimentId: string;
  heatmap: Schemas['HeatmapView'];
  linkOf: (cell: { start: number; end: number; least: number; below: number | null }) => Search;
}

/** Traces by start and length; the darker, the more. */
export function Heatmap({ experimentId, heatmap, linkOf }: Props) {
  const { durations_ms: lengths, cells } = heatmap;
  const { from, width, columns, column: firstColumn, rows, row: firstRow } = roomy(heatmap);
  const most = Math.max(1, ...cells.map(([, , count = 0]) => count));
  return (
    <Panel title="Latency by number of traces">
      <div className="flex">
        <div className="flex w-14 shrink-0 flex-col-reverse text-xs text-faint figures" aria-hidden>
          {Array.from({ length: rows }, (_, row) => {
            const length = lengths[row - firstRow];
            // A line of text is as high as a tenth of all.
            const isLabelled = length !== undefined && (row - firstRow) % Math.ceil(rows / 8) === 0;
            return <span key={row} className="min-h-0 flex-1 overflow-visible leading-none">{isLabelled ? formatDuration(length) : ''}</span>;
          })}
        </div>
        <div className="relative h-36 min-w-0 flex-1 border-b border-line" role="group" aria-label="Latency by number of traces">
          {cells.map(([column = 0, row = 0, count = 0]) => {
            const cell = { start: from + (firstColumn + column) * width, end: from + (firstColumn + column + 1) * width, least: lengths[row] ?? 0, below: lengths[row + 1] ?? null };
            const what = `${formatAbsolute(cell.start).slice(0, 16)} · from ${formatDuration(cell.least)} · ${formatWhole(count)} ${count === 1 ? 'trace' : 'traces'}`;
            return (
              <Link
                key={`${column} ${row}`}
                to="/experiments/$experimentId/traces"
                params={{ experimentId }}
                search={linkOf(cell)}
                title={what}
                aria-label={what}
                className="absolute border border-surface bg-accent hover:opacity-100!"
                style={{
                  left: `${((firstColumn + column) / columns) * 100}%`,
                  width: `${100 / columns}%`,
                  bottom: `${((firstRow + row) / rows) * 100}%`,
                  height: `${100 / rows}%`,
                  opacity: 0.2 + 0.8 * (count / most),
                }}
              />
            );
          })}
        </div>
      </div>
      <div className="ml-14 flex justify-between text-xs text-faint figures">
        {[0, 0.5, 1].map((part) => (
          <span key={part}>{formatTick(from + part * columns * width, columns * width)}</span>
        ))}
      </div>
    </Panel>
  );
}
