/** How many traces started when, and how many of them failed; dragging over it chooses a time. */

import { memo, useMemo, useRef, useState, type PointerEvent } from 'react';

import type { Schemas } from '@/api/client';
import { formatAbsolute, formatTick, formatWhole } from '@/format';

import { barsOf, type Bar } from './bars';

interface Props {
  histogram: Schemas['HistogramView'] | null | undefined;
  bounds: { from: number; to: number } | null;
  onChoose: (from: number, to: number) => void;
}

const HEIGHT = 40;
/** A click is a drag that went nowhere. */
const LEAST_DRAG = 4;

/** Not made again when further pages of the list come. */
export const Histogram = memo(function Histogram({ histogram, bounds, onChoose }: Props) {
  const area = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const [pointed, setPointed] = useState<Bar | null>(null);
  const { bars, from, to, most } = useMemo(() => barsOf(histogram, bounds), [histogram, bounds]);
  if (to <= from) return <div className="border-b border-line" style={{ height: HEIGHT + 20 }} />;

  const share = (event: PointerEvent) => {
    const box = area.current?.getBoundingClientRect();
    return box ? Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) : 0;
  };
  const percent = (at: number) => `${((at - from) / (to - from)) * 100}%`;
  const finish = () => {
    const width = area.current?.clientWidth ?? 0;
    const [start, end] = drag ? [Math.min(...drag), Math.max(...drag)] : [0, 0];
    setDrag(null);
    if ((end - start) * width >= LEAST_DRAG) onChoose(from + start * (to - from), from + end * (to - from));
    else if (drag && pointed) onChoose(pointed.start, pointed.end);
  };
  return (
    <section aria-label="Traces over time" className="@container relative shrink-0 border-b border-line px-3 pt-1.5 select-none">
      <div
        ref={area}
        data-testid="histogram"
        className="relative cursor-crosshair touch-none"
        style={{ height: HEIGHT }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag([share(event), share(event)]);
        }}
        onPointerMove={(event) => {
          const at = share(event);
          setDrag((drag) => drag && [drag[0], at]);
          const instant = from + at * (to - from);
          setPointed(bars.find((bar) => bar.start <= instant && instant < bar.end) ?? null);
        }}
        onPointerLeave={() => setPointed(null)}
        onPointerUp={finish}
        onPointerCancel={() => setDrag(null)}
      >
        <svg className="absolute inset-0 size-full" preserveAspectRatio="none" viewBox={`0 0 1000 ${HEIGHT}`} role="img" aria-label={summary(bars)}>
          {bars.map((bar) => {
            const x = ((bar.start - from) / (to - from)) * 1000;
            const width = Math.max(1, ((bar.end - bar.start) / (to - from)) * 1000 - 1.5);
            // One among thousands is still seen.
            const height = (count: number) => (count === 0 ? 0 : Math.max(2, (count / most) * HEIGHT));
            const errors = height(bar.errors);
            const all = Math.max(height(bar.count), errors);
            return (
              <g key={bar.start} opacity={pointed === null || pointed === bar ? 1 : 0.6}>
                <rect x={x} width={width} y={HEIGHT - all} height={all - errors} fill="var(--color-bar)" />
                <rect x={x} width={width} y={HEIGHT - errors} height={errors} fill="var(--color-error)" />
              </g>
            );
          })}
        </svg>
        {drag && (
          <div
            className="absolute inset-y-0 border-x border-accent bg-accent-soft/50"
            style={{ left: `${Math.min(...drag) * 100}%`, width: `${Math.abs(drag[1] - drag[0]) * 100}%` }}
          />
        )}
        {pointed && !drag && (
          <div
            className="pointer-events-none absolute top-full z-20 mt-1 -translate-x-1/2 rounded-md bg-surface px-2 py-1 text-xs whitespace-nowrap shadow-float"
            style={{ left: `clamp(90px, ${percent((pointed.start + pointed.end) / 2)}, calc(100% - 90px))` }}
          >
            <span className="figures">{formatAbsolute(pointed.start).slice(0, 19)}</span> · {formatWhole(pointed.count)} {pointed.count === 1 ? 'trace' : 'traces'}
            {pointed.errors > 0 && <span className="text-error"> · {formatWhole(pointed.errors)} failed</span>}
          </div>
        )}
      </div>
      <div className="flex h-[14px] justify-between text-xs leading-[14px] text-faint figures">
        {[0, 0.25, 0.5, 0.75, 1].map((part) => (
          <span key={part} className={part % 1 === 0 ? undefined : part === 0.5 ? '@max-[280px]:hidden' : '@max-[480px]:hidden'}>{formatTick(from + part * (to - from), to - from)}</span>
        ))}
      </div>
    </section>
  );
});

function summary(bars: Bar[]): string {
  const count = bars.reduce((sum, bar) => sum + bar.count, 0);
  const errors = bars.reduce((sum, bar) => sum + bar.errors, 0);
  return `${formatWhole(count)} traces over time, ${formatWhole(errors)} failed`;
}
