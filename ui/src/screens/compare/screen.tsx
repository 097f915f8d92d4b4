/** Two traces side by side. */

import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowLeftRight } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';

import type { Schemas } from '@/api/client';
import { traceQuery } from '@/api/queries';
import { Button, IconButton } from '@/components/button';
import { SpanTypeIcon } from '@/components/span-type';
import { Failed, LoadingRows } from '@/components/states';
import { formatAbsolute, formatCost, formatDuration, formatTokens, formatWhole } from '@/format';
import { cx } from '@/lib/cx';
import { TopBar } from '@/shell/top-bar';

import { diff } from './diff';
import { differences, matchSpans, textOf, type Pair } from './match';
import { TracePicker } from './picker';

type Full = Schemas['FullTraceReply'];

export function CompareScreen() {
  const { experimentId } = useParams({ from: '/experiments/$experimentId/compare' });
  const { a = '', b = '' } = useSearch({ strict: false });
  const navigate = useNavigate();
  const show = (first: string, second: string) => void navigate({ to: '.', search: { a: first, b: second } });
  const isChosen = a !== '' && b !== '';
  const first = useQuery({ ...traceQuery(a), enabled: isChosen });
  const second = useQuery({ ...traceQuery(b), enabled: isChosen });
  const error = first.error ?? second.error;
  return (
    <>
      <TopBar experimentId={experimentId} crumbs={[{ label: 'Compare' }]}>
        {isChosen && (
          <>
            <IconButton label="Swap" onClick={() => show(b, a)}>
              <ArrowLeftRight size={15} />
            </IconButton>
            <Button onClick={() => show('', '')}>Others</Button>
          </>
        )}
      </TopBar>
      {!isChosen ? (
        <Choose experimentId={experimentId} a={a} b={b} onChoose={show} />
      ) : first.data && second.data ? (
        <Comparison key={`${a} ${b}`} experimentId={experimentId} a={first.data} b={second.data} />
      ) : error ? (
        <Failed error={error} onRetry={() => void Promise.all([first.refetch(), second.refetch()])} />
      ) : (
        <LoadingRows rows={24} />
      )}
    </>
  );
}

/** Two lists side by side; the comparison is there as soon as one of each is chosen. */
function Choose({ experimentId, a, b, onChoose }: { experimentId: string; a: string; b: string; onChoose: (a: string, b: string) => void }) {
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-3 p-3">
      <p className="text-muted">Choose two traces. Two that are selected in the list of traces can be compared from there.</p>
      <div className="flex min-h-0 flex-1 gap-3">
        <TracePicker label="First trace" experimentId={experimentId} chosen={a} onChoose={(id) => onChoose(id, b)} />
        <TracePicker label="Second trace" experimentId={experimentId} chosen={b} onChoose={(id) => onChoose(a, id)} />
      </div>
    </div>
  );
}

function Comparison({ experimentId, a, b }: { experimentId: string; a: Full; b: Full }) {
  const pairs = useMemo(() => matchSpans(a.spans, b.spans), [a, b]);
  const [chosen, setChosen] = useState(0);
  const pair = pairs[chosen];
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Sums experimentId={experimentId} a={a} b={b} />
      <div className="flex min-h-0 flex-1 max-lg:flex-col">
        <Spans pairs={pairs} chosen={chosen} onChoose={setChosen} />
        <div className="min-h-0 min-w-0 flex-1 overflow-auto p-3" role="region" aria-label="Differences" tabIndex={0}>
          {pair && (
            <>
              <TextDiff key={`in ${chosen}`} title="Inputs" a={pair.a?.inputs} b={pair.b?.inputs} />
              <TextDiff key={`out ${chosen}`} title="Outputs" a={pair.a?.outputs} b={pair.b?.outputs} />
            </>
          )}
        </div>
      </div>
    </div>
  );
}

const FIGURES: [string, (full: Full) => number | null, (value: number | null) => string][] = [
  ['Duration', ({ trace }) => trace.duration_ms, formatDuration],
  ['Tokens', ({ trace }) => trace.tokens?.total ?? null, formatTokens],
  ['Cost', ({ trace }) => trace.cost?.total ?? null, formatCost],
  ['Spans', ({ spans }) => spans.length, (value) => (value === null ? '–' : formatWhole(value))],
  ['Errors', ({ trace }) => trace.error_count, (value) => (value === null ? '–' : formatWhole(value))],
];

function Sums({ experimentId, a, b }: { experimentId: string; a: Full; b: Full }) {
  return (
    <div className="shrink-0 overflow-x-auto border-b border-line px-3 py-2">
      <table className="w-full text-sm figures">
        <thead>
          <tr className="text-xs text-muted">
            {['Trace', 'Started', 'State', 'Models', ...FIGURES.map(([name]) => name)].map((head) => (
              <th key={head} scope="col" className="pr-3 text-left font-normal">{head}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[a, b].map((full, place) => (
            <tr key={place} className="h-row">
              <td className="pr-3">
                <span className={place === 0 ? 'font-medium text-error' : 'font-medium text-ok'}>{place === 0 ? 'A' : 'B'}</span>{' '}
                <Link to="/experiments/$experimentId/traces/$traceId" params={{ experimentId, traceId: full.trace.id }} className="font-mono text-xs text-accent hover:underline">
                  {full.trace.id.slice(0, 15)}
                </Link>{' '}
                {full.trace.name}
              </td>
              <td className="pr-3 whitespace-nowrap">{formatAbsolute(full.trace.start).slice(0, 19)}</td>
              <td className="pr-3">{full.trace.state}</td>
              <td className="pr-3">{full.trace.models.join(', ') || '–'}</td>
              {FIGURES.map(([name, value, format]) => (
                <td key={name} className="pr-3 whitespace-nowrap">
                  {format(value(full))}
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

function Delta({ a, b, format }: { a: number | null | undefined; b: number | null | undefined; format: (value: number) => string }) {
  if (a === null || a === undefined || b === null || b === undefined || a === b) return null;
  return <span className="ml-1 text-xs text-muted">({b > a ? '+' : '−'}{format(Math.abs(b - a))})</span>;
}

const ROW = 24;

function Spans({ pairs, chosen, onChoose }: { pairs: Pair[]; chosen: number; onChoose: (place: number) => void }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: pairs.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 12 });
  return (
    <div ref={scroller} role="region" aria-label="Matched spans" tabIndex={0} className="w-[480px] shrink-0 overflow-auto border-r border-line max-lg:h-2/5 max-lg:w-full max-lg:border-b">
      <div className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const pair = pairs[index];
          if (!pair) return null;
          return <SpanRow key={index} pair={pair} top={start} isChosen={index === chosen} onChoose={() => onChoose(index)} />;
        })}
      </div>
    </div>
  );
}

function SpanRow({ pair, top, isChosen, onChoose }: { pair: Pair; top: number; isChosen: boolean; onChoose: () => void }) {
  const { a, b, depth } = pair;
  const { inputs, outputs } = differences(pair);
  const only = a === null ? 'only in B' : b === null ? 'only in A' : null;
  const marks = [inputs && 'inputs', outputs && 'outputs'].filter(Boolean).join(', ');
  return (
    <button
      type="button"
      aria-pressed={isChosen}
      onClick={onChoose}
      className={cx('absolute top-0 left-0 flex w-full items-center gap-1.5 border-b border-line/60 pr-2 text-left text-sm hover:bg-hover', isChosen && 'bg-selected')}
      style={{ height: ROW, transform: `translateY(${top}px)`, paddingLeft: 8 + Math.min(depth, 20) * 12 }}
    >
      <SpanTypeIcon type={a?.type ?? b?.type} />
      <span className="min-w-0 flex-1 truncate">{a?.name ?? b?.name}</span>
      {only ? <span className={a ? 'text-xs text-error' : 'text-xs text-ok'}>{only}</span> : marks && <span className="text-xs text-warn">{marks}</span>}
      <span className="shrink-0 text-right text-xs text-muted figures">
        {formatDuration(a?.duration_ms)} → {formatDuration(b?.duration_ms)}
      </span>
    </button>
  );
}

/** The first at the left with what is only there, the second at the right. */
function TextDiff({ title, a, b }: { title: string; a: unknown; b: unknown }) {
  const [left, right] = [textOf(a), textOf(b)];
  const pieces = useMemo(() => diff(left, right), [left, right]);
  return (
    <section aria-label={title} className="mb-4">
      <h2 className="mb-1 text-sm font-medium">
        {title} {left === right && <span className="font-normal text-muted">are the same</span>}
      </h2>
      <div className="grid grid-cols-2 gap-2">
        {(['a', 'b'] as const).map((side) => (
          <pre key={side} aria-label={`${title} of ${side.toUpperCase()}`} className="min-w-0 rounded-md border border-line bg-surface p-2 font-mono text-xs whitespace-pre-wrap [overflow-wrap:anywhere]">
            {(side === 'a' ? left : right) === '' && <span className="text-faint">nothing</span>}
            {pieces
              .filter((piece) => piece.side === 'both' || piece.side === side)
              .map(({ text, side: of }, place) =>
                of === 'both' ? (
                  <span key={place}>{text}</span>
                ) : (
                  <mark key={place} className={cx('rounded-sm', of === 'a' ? 'bg-error-soft!' : 'bg-accent-soft!')}>{text}</mark>
                ),
              )}
          </pre>
        ))}
      </div>
    </section>
  );
}
