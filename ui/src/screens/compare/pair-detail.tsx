/** What differs between two spans. */

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { Button } from '@/components/button';
import { SpanTypeIcon } from '@/components/span-type';
import { LoadingRows, messageOf } from '@/components/states';
import { formatCost, formatDuration, formatTokens, formatWhole } from '@/format';
import { spansQuery } from '@/screens/trace/queries';
import type { SpanRow } from '@/screens/trace/tree';

import { Delta } from './delta';
import type { Pair } from './match';
import type { Said } from './said';
import { Side } from './sums';
import { TextDiff } from './text-diff';

interface Props {
  /** The traces' ids. */
  ids: [string, string];
  pair: Pair;
  a: Said;
  b: Said;
}

export function PairDetail({ ids, pair, a, b }: Props) {
  const [isWhole, setWhole] = useState(false);
  const wholeOf = (trace: string, id: string | undefined) => ({ ...spansQuery(trace, [id ?? ''], { whole: true }), enabled: isWhole && id !== undefined });
  const wholes = [useQuery(wholeOf(ids[0], pair.a?.span.id)), useQuery(wholeOf(ids[1], pair.b?.span.id))];
  const [left, right] = [wholes[0]?.data?.spans[0] ?? a, wholes[1]?.data?.spans[0] ?? b];
  const missing = (left?.cut?.chars ?? 0) + (right?.cut?.chars ?? 0);
  const error = wholes.find((whole) => whole.error)?.error;
  const isThere = (pair.a === null || left) && (pair.b === null || right);
  return (
    <>
      <Figures pair={pair} />
      {missing > 0 && (
        <p className="mb-3 flex items-center gap-2 text-sm text-muted">
          {error ? messageOf(error) : `${formatWhole(missing)} characters of long texts are not loaded and not compared.`}
          <Button disabled={isWhole && !error} onClick={() => (error ? wholes.forEach((whole) => void whole.refetch()) : setWhole(true))}>Load all</Button>
        </p>
      )}
      {isThere ? (
        <>
          <TextDiff title="Inputs" a={left?.inputs} b={right?.inputs} />
          <TextDiff title="Outputs" a={left?.outputs} b={right?.outputs} />
        </>
      ) : (
        <LoadingRows rows={8} />
      )}
    </>
  );
}

const FIGURES: [name: string, value: (span: SpanRow) => number | null, format: (value: number | null) => string][] = [
  ['Duration', (span) => span.duration_ms, formatDuration],
  ['Tokens', (span) => span.tokens?.total ?? null, formatTokens],
  ['Cost', (span) => span.cost?.total ?? null, formatCost],
];

function Figures({ pair: { a, b } }: { pair: Pair }) {
  const either = a ?? b;
  const sides = [a?.span ?? null, b?.span ?? null];
  const models = [...new Set(sides.flatMap((span) => span?.model ?? []))];
  return (
    <header className="mb-3 flex flex-col gap-1">
      <h2 className="flex items-center gap-2 text-lg font-semibold">
        <SpanTypeIcon type={either?.span.type} />
        <bdi className="min-w-0 truncate">{either?.span.label}</bdi>
        {(a === null || b === null) && <span className="text-sm font-normal text-muted">only in <Side of={a === null ? 'b' : 'a'} /></span>}
      </h2>
      <dl className="flex flex-wrap gap-x-5 gap-y-1 text-sm figures">
        {FIGURES.map(([name, value, format]) => {
          const [left, right] = sides.map((span) => (span ? value(span) : null));
          if (left === null && right === null) return null;
          return (
            <div key={name} className="flex items-center gap-1">
              <dt className="text-muted">{name}</dt>
              <dd>{a && b ? <>{format(left ?? null)} → {format(right ?? null)}<Delta a={left} b={right} format={format} /></> : format(left ?? right ?? null)}</dd>
            </div>
          );
        })}
        {models.length > 0 && <div className="flex items-center gap-1"><dt className="text-muted">Model</dt><dd>{models.join(' → ')}</dd></div>}
      </dl>
      {sides.map((span, place) => span?.error && (
        <p key={place} className="rounded-md bg-error-soft px-2 py-1 text-sm text-error [overflow-wrap:anywhere]"><Side of={place === 0 ? 'a' : 'b'} /> {span.error}</p>
      ))}
    </header>
  );
}
