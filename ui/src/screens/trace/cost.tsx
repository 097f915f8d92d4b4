/** What something cost, and on demand why. */

import { useQueries, type UseQueryResult } from '@tanstack/react-query';
import { useMemo, useState, type ReactNode } from 'react';

import type { Schemas } from '@/api/client';
import { Button } from '@/components/button';
import { Popover } from '@/components/popover';
import { messageOf } from '@/components/states';
import { formatCost, formatCostPrecisely, formatWhole } from '@/format';
import { lots } from '@/lib/lots';

import { costParts, sumByPrice } from './cost-lines';
import { AT_ONCE, derivationsQuery } from './queries';
import type { Tree } from './tree';

type Derivation = Schemas['CostDerivation'];

/** Calls that are looked at without being asked. */
const CALLS_AT_ONCE = 10 * AT_ONCE;

const KINDS: Record<string, string> = {
  input: 'Input', cache_read: 'Input read from cache', cache_write: 'Input written to cache', cache_write_1h: 'Input kept in cache for an hour', audio_input: 'Sound in',
  image_input: 'Pictures in', output: 'Output', reasoning: 'Thinking', audio_output: 'Sound out',
};

export function SpanCost({ cost, derivation }: { cost: Schemas['Costs']; derivation: Derivation | null }) {
  return (
    <Reckoned total={cost.total} label="What the cost of this span is made of">
      {derivation === null || derivation.source === 'client' ? <Stated /> : <Lines derivation={derivation} total={cost.total} />}
    </Reckoned>
  );
}

export function TraceCost({ trace, tree }: { trace: Schemas['TraceRow']; tree: Tree }) {
  const unknown = useMemo(() => costParts(tree).unknown.length, [tree]);
  if (!trace.cost) {
    if (!trace.tokens) return null;
    return <span className="text-faint" title="Its client did not say it, and no price table knows the model.">unknown</span>;
  }
  return (
    <>
      <Reckoned total={trace.cost.total} label="What the cost of this trace is made of">
        <Sums trace={trace} total={trace.cost.total} tree={tree} />
      </Reckoned>
      {unknown > 0 && <span className="ml-1 text-xs text-warn" title={withoutPrice(unknown)}>and unknown</span>}
    </>
  );
}

/** A cost that opens its reckoning. */
function Reckoned({ total, label, children }: { total: number; label: string; children: ReactNode }) {
  const trigger = (
    <button type="button" aria-label={`Cost ${formatCost(total)}: how it is made up`} title="How it is made up" className="figures underline decoration-line-strong decoration-dotted underline-offset-3 hover:text-accent">
      {formatCost(total)}
    </button>
  );
  return (
    <Popover label={label} trigger={trigger}>
      <div className="max-h-[60vh] max-w-[min(520px,90vw)] overflow-auto text-sm" tabIndex={0}>{children}</div>
    </Popover>
  );
}

function Stated() {
  return <p className="text-muted">The client that sent the span said what it cost.</p>;
}

function Sums({ trace, total, tree }: { trace: Schemas['TraceRow']; total: number; tree: Tree }) {
  const { priced, unknown } = useMemo(() => costParts(tree), [tree]);
  const [most, setMost] = useState(CALLS_AT_ONCE);
  const asked = useMemo(() => lots(priced.slice(0, most), AT_ONCE).map((lot) => lot.map(({ span }) => span.id)), [priced, most]);
  const { spans, isLoading, error } = useQueries({ queries: asked.map((ids) => derivationsQuery(trace.id, ids)), combine: together });
  const sums = useMemo(() => sumByPrice(spans), [spans]);
  const left = priced.length - most;
  const known = priced.reduce((sum, { span }) => sum + (span.cost?.total ?? 0), 0);
  if (error) return <p role="alert" className="text-error">{messageOf(error)}</p>;
  if (spans.length === 0 && isLoading) return <p role="status" className="text-muted">Loading…</p>;
  return (
    <div className="flex flex-col gap-3">
      {sums.map(({ model, price, calls, lines, cost }, place) => (
        <section key={place} aria-label={model ?? 'Other'}>
          <h3 className="font-medium"><bdi>{model ?? 'No model'}</bdi> <span className="font-normal text-muted">{formatWhole(calls)} {calls === 1 ? 'call' : 'calls'}</span></h3>
          {price ? <Lines derivation={{ source: 'tokens', price, lines }} total={cost} /> : <p className="text-muted">Said by the client: <span className="figures text-text">{formatCostPrecisely(cost)}</span></p>}
        </section>
      ))}
      {(left > 0 || isLoading) && (
        <p className="flex items-center gap-2 text-muted">
          {isLoading ? 'Loading further calls…' : `The first ${formatWhole(most)} of ${formatWhole(priced.length)} calls.`}
          {left > 0 && <Button disabled={isLoading} onClick={() => setMost(most + CALLS_AT_ONCE)}>{formatWhole(Math.min(left, CALLS_AT_ONCE))} more</Button>}
        </p>
      )}
      {unknown.length > 0 && <p className="text-warn">{withoutPrice(unknown.length)}</p>}
      {sums.length > 1 && <p className="flex justify-between border-t border-line-strong pt-1 font-medium"><span>The trace</span><span className="figures">{formatCostPrecisely(total)}</span></p>}
      {Math.abs(known - total) > total * 1e-6 && <p className="text-muted">The trace costs {formatCostPrecisely(total)}: its client said so, or the same call was reported twice and counts once.</p>}
    </div>
  );
}

function together(lots: UseQueryResult<Schemas['SpansReply']>[]) {
  return { spans: lots.flatMap(({ data }) => data?.spans ?? []), isLoading: lots.some(({ isLoading }) => isLoading), error: lots.find(({ error }) => error)?.error ?? null };
}

function withoutPrice(count: number): string {
  return count === 1 ? 'One call has no known price and is not part of this.' : `${formatWhole(count)} calls have no known price and are not part of this.`;
}

function Lines({ derivation: { lines, price }, total }: { derivation: Derivation; total: number }) {
  return (
    <>
      <table className="w-full figures">
        <thead>
          <tr className="text-xs text-muted">
            {['', 'Tokens', 'per million', 'Cost'].map((head, place) => (
              <th key={head} scope="col" className={place === 0 ? 'text-left font-normal' : 'pl-4 text-right font-normal whitespace-nowrap'}>{head || <span className="sr-only">Kind</span>}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map(({ kind, tokens, per_million, cost }, place) => (
            <tr key={place}>
              <td>{KINDS[kind] ?? kind}</td>
              <td className="pl-4 text-right whitespace-nowrap">{formatWhole(tokens)}</td>
              <td className="pl-4 text-right whitespace-nowrap">× {formatCostPrecisely(per_million)}</td>
              <td className="pl-4 text-right whitespace-nowrap">{formatCostPrecisely(cost)}</td>
            </tr>
          ))}
          <tr className="border-t border-line font-medium">
            <td colSpan={3}>Together</td>
            <td className="pl-4 text-right whitespace-nowrap">{formatCostPrecisely(total)}</td>
          </tr>
        </tbody>
      </table>
      {price && <p className="mt-1 text-xs text-muted">{whereFrom(price)}</p>}
    </>
  );
}

function whereFrom({ table, version, provider, model, from, above_input_tokens: above, batch }: NonNullable<Derivation['price']>): string {
  const kept = table === 'built-in' ? 'Built-in price table' : table === 'workspace' ? 'Price table of the workspace' : 'Price table of the server’s file';
  return [
    `${kept}, version ${version}`,
    `price of ${model}${provider === null ? '' : ` at ${provider}`}`,
    from !== null && `since ${from}`,
    above !== null && `for calls above ${formatWhole(above)} input tokens`,
    batch !== null && `as a batch, ${batch} of the price`,
  ].filter(Boolean).join(' · ');
}
