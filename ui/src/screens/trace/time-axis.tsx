/** Above the rows: the whole trace in small, and the times of what is shown. */

import { useMemo } from 'react';

import { formatDuration } from '@/format';

import { picture, ticks, type View } from './timeline';
import { visibleRows, type Tree } from './tree';

const LINES = 20;
/** Times that fit beside each other. */
export const MOST_TICKS = 5;

export function placeIn(view: View, instant: number): number {
  return ((instant - view.from) / (view.to - view.from || 1)) * 100;
}

export function Minimap({ tree, view, drag }: { tree: Tree; view: View; drag: [number, number] | null }) {
  const stretches = useMemo(() => picture(visibleRows(tree.roots, new Set()), tree, LINES), [tree]);
  const count = Math.max(1, ...stretches.map(({ line }) => line + 1));
  const [left, right] = [placeIn(tree, view.from), placeIn(tree, view.to)];
  return (
    <div data-minimap className="relative h-6 cursor-crosshair touch-none overflow-hidden bg-sunken" title="Drag to show a part, double-click to show all">
      <svg className="absolute inset-0 size-full" viewBox={`0 0 1 ${count}`} preserveAspectRatio="none" aria-hidden>
        {stretches.map(({ line, from, to, isError }) => (
          <rect key={`${line} ${from}`} x={from} y={line + 0.1} width={to - from} height={0.8} fill={isError ? 'var(--color-error)' : 'var(--color-bar)'} />
        ))}
      </svg>
      {right - left < 99.999 && (
        <>
          <span className="absolute inset-y-0 left-0 bg-page/75" style={{ width: `${left}%` }} />
          <span className="absolute inset-y-0 right-0 bg-page/75" style={{ width: `${100 - right}%` }} />
          <span className="absolute inset-y-0 border-x border-accent" style={{ left: `${left}%`, width: `max(2px, ${right - left}%)` }} />
        </>
      )}
      {drag && <DragRange drag={drag} />}
    </div>
  );
}

export function Axis({ view, start }: { view: View; start: number }) {
  return (
    <div role="img" aria-label="Time axis" className="relative h-4 cursor-crosshair touch-none overflow-hidden text-xs text-faint figures">
      {ticks(view, start, MOST_TICKS).map((instant, at, all) => (
        <span key={instant} className="absolute h-4 border-l border-line-strong pl-1 leading-4 whitespace-nowrap" style={{ left: `${placeIn(view, instant)}%` }}>
          {/* What would be cut off, run into the next one, or say the same, is left out. */}
          {placeIn(view, instant) < 80 && formatDuration(instant - start) !== formatDuration((all[at - 1] ?? NaN) - start) && <span className={at % 2 === 1 ? '@max-[560px]:hidden' : at > 0 ? '@max-[440px]:hidden' : undefined}>{formatDuration(instant - start)}</span>}
        </span>
      ))}
    </div>
  );
}

export function Gridlines({ view, start }: { view: View; start: number }) {
  return ticks(view, start, MOST_TICKS).map((instant) => <span key={instant} className="absolute inset-y-0 w-px bg-line" style={{ left: `${placeIn(view, instant)}%` }} />);
}

export function DragRange({ drag }: { drag: [number, number] }) {
  return <span className="absolute inset-y-0 border-x border-accent bg-accent-soft/50" style={{ left: `${Math.min(...drag) * 100}%`, width: `${Math.abs(drag[1] - drag[0]) * 100}%` }} />;
}
