/** Bars over time: one per interval, nothing where nothing happened. Each bar leads to its traces. */

import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { formatAbsolute, formatTick } from '@/format';
import type { Search } from '@/routes';

import { niceTop, type Bucket } from './buckets';

/** Drawn one before the other, the highest first. */
export interface Layer {
  label: string;
  color: string;
  value: (group: NonNullable<Bucket['group']>) => number | null | undefined;
}

interface Props {
  title: string;
  experimentId: string;
  buckets: Bucket[];
  layers: Layer[];
  format: (value: number | null | undefined) => string;
  /** What the axis reaches at least. */
  least?: number;
  linkOf: (bucket: Bucket) => Search;
}

export function Chart({ title, experimentId, buckets, layers, format, least = 0, linkOf }: Props) {
  const top = niceTop(Math.max(least, ...buckets.flatMap(({ group }) => (group ? layers.map(({ value }) => value(group) ?? 0) : []))));
  const isKnown = buckets.some(({ group }) => group && layers.some(({ value }) => typeof value(group) === 'number'));
  const from = buckets[0]?.start ?? 0;
  const to = buckets.at(-1)?.end ?? 0;
  return (
    <Panel title={title} aside={layers.length > 1 && layers.map(({ label, color }) => <Key key={label} label={label} color={color} />)}>
      <p className="h-4 border-b border-line/60 text-xs text-faint figures">{isKnown && format(top)}</p>
      <div className="relative flex h-32 items-stretch border-b border-line" role="group" aria-label={`${title} over time`}>
        {!isKnown && <p className="absolute inset-0 flex items-center justify-center text-sm text-faint">Not known of these traces</p>}
        {buckets.map((bucket) => (
          <div key={bucket.start} className="flex min-w-0 flex-1 px-px">
            {/* Where nothing is drawn nothing leads anywhere. */}
            {hasBar(bucket, layers) && (
              <Link
                to="/experiments/$experimentId/traces"
                params={{ experimentId }}
                search={linkOf(bucket)}
                className="relative mx-auto block max-w-12 flex-1 hover:bg-hover"
                title={describe(bucket, layers, format)}
                aria-label={describe(bucket, layers, format)}
              >
                {layers.map(({ label, color, value }) => {
                  const figure = bucket.group ? (value(bucket.group) ?? 0) : 0;
                  // One among thousands is still seen.
                  return figure > 0 && <span key={label} className="absolute inset-x-0 bottom-0" style={{ height: `max(2px, ${(figure / top) * 100}%)`, background: color }} />;
                })}
              </Link>
            )}
          </div>
        ))}
      </div>
      <div className="flex justify-between text-xs text-faint figures">
        {[0, 0.5, 1].map((part) => (
          <span key={part}>{formatTick(from + part * (to - from), to - from)}</span>
        ))}
      </div>
    </Panel>
  );
}

function hasBar({ group }: Bucket, layers: Layer[]): boolean {
  return group !== null && layers.some(({ value }) => (value(group) ?? 0) > 0);
}

function describe({ start, group }: Bucket, layers: Layer[], format: Props['format']): string {
  const figures = group ? layers.map(({ label, value }) => `${label} ${format(value(group))}`) : [];
  return `${formatAbsolute(start).slice(0, 16)} · ${figures.join(' · ')}`;
}

function Key({ label, color }: { label: string; color: string }) {
  return (
    <span className="flex items-center gap-1 text-xs text-muted">
      <span className="size-2 rounded-sm" style={{ background: color }} />
      {label}
    </span>
  );
}

export function Panel({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section aria-label={title} className="min-w-0 rounded-lg border border-line bg-surface p-3">
      <header className="mb-2 flex flex-wrap items-center gap-x-3">
        <h2 className="flex-1 text-sm font-medium">{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}
