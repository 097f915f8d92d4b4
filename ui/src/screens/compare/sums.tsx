/** What two traces took, one below the other. */

import { Link } from '@tanstack/react-router';

import type { Schemas } from '@/api/client';
import { TraceState } from '@/components/trace-state';
import { formatAbsolute, formatCost, formatDuration, formatTokens, formatWhole } from '@/format';

import { Delta } from './delta';

export type Whole = Schemas['TraceTreeReply'];

type Figure = [name: string, value: (whole: Whole) => number | null, format: (value: number | null) => string];

const count = (value: number | null) => (value === null ? '–' : formatWhole(value));

const FIGURES: Figure[] = [
  ['Duration', ({ trace }) => trace.duration_ms, formatDuration],
  ['Tokens', ({ trace }) => trace.tokens?.total ?? null, formatTokens],
  ['Cost', ({ trace }) => trace.cost?.total ?? null, formatCost],
  ['Spans', ({ spans }) => spans.length, count],
  ['Errors', ({ trace }) => trace.error_count, count],
];

export function Sums({ experimentId, a, b }: { experimentId: string; a: Whole; b: Whole }) {
  return (
    <div className="shrink-0 overflow-x-auto border-b border-line px-3 py-2" role="region" aria-label="Both traces" tabIndex={0}>
      <table className="w-full text-sm figures">
        <thead>
          <tr className="text-xs text-muted">
            {['Trace', 'Started', 'State', 'Models', ...FIGURES.map(([name]) => name)].map((head) => (
              <th key={head} scope="col" className="pr-3 text-left font-normal">{head}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[a, b].map((whole, place) => (
            <tr key={place} className="h-row">
              <td className="max-w-80 truncate pr-3">
                <Side of={place === 0 ? 'a' : 'b'} />{' '}
                <Link to="/experiments/$experimentId/traces/$traceId" params={{ experimentId, traceId: whole.trace.id }} className="font-mono text-xs text-accent hover:underline">
                  {whole.trace.id.slice(0, 15)}
                </Link>{' '}
                <bdi>{whole.trace.name}</bdi>
              </td>
              <td className="pr-3 whitespace-nowrap">{formatAbsolute(whole.trace.start).slice(0, 19)}</td>
              <td className="pr-3"><TraceState state={whole.trace.state} /></td>
              <td className="max-w-48 truncate pr-3" title={whole.trace.models.join(', ')}>{whole.trace.models.join(', ') || '–'}</td>
              {FIGURES.map(([name, value, format]) => (
                <td key={name} className="pr-3 whitespace-nowrap">
                  {format(value(whole))}
                  {place === 1 && <Delta a={value(a)} b={value(b)} format={format} />}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Which of the two: in the colours in which their texts differ. */
export function Side({ of }: { of: 'a' | 'b' }) {
  return <span className={of === 'a' ? 'font-medium text-error' : 'font-medium text-ok'}>{of.toUpperCase()}</span>;
}
