/** The figures of the span that is pointed at. */

import { useEffect, useState, type RefObject } from 'react';

import { SpanTypeIcon, spanLook } from '@/components/span-type';
import { formatCost, formatDuration, formatShare, formatTokens } from '@/format';

import type { CriticalPath } from './critical-path';
import { selfTime } from './timeline';
import type { Node, Tree } from './tree';

const DELAY_MS = 250;
const WIDTH = 280;

interface Pointed {
  id: string;
  x: number;
  y: number;
}

/** Follows the pointer over rows that say their span in `data-span`. */
export function HoverCard({ box, tree, path }: { box: RefObject<HTMLElement | null>; tree: Tree; path: CriticalPath }) {
  const [pointed, setPointed] = useState<Pointed | null>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    let timer: number | undefined;
    const hide = () => {
      window.clearTimeout(timer);
      setPointed(null);
    };
    const onMove = (event: PointerEvent) => {
      window.clearTimeout(timer);
      const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-span]') : null;
      const id = row?.dataset.span;
      if (id === undefined || event.buttons !== 0) {
        setPointed(null);
        return;
      }
      setPointed((before) => (before?.id === id ? before : null));
      const bottom = row?.getBoundingClientRect().bottom ?? event.clientY;
      timer = window.setTimeout(() => setPointed((before) => (before?.id === id ? before : { id, x: event.clientX, y: bottom })), DELAY_MS);
    };
    element.addEventListener('pointermove', onMove);
    element.addEventListener('pointerleave', hide);
    element.addEventListener('pointerdown', hide);
    element.addEventListener('scroll', hide);
    return () => {
      window.clearTimeout(timer);
      element.removeEventListener('pointermove', onMove);
      element.removeEventListener('pointerleave', hide);
      element.removeEventListener('pointerdown', hide);
      element.removeEventListener('scroll', hide);
    };
  }, [box]);
  const node = pointed ? tree.byId.get(pointed.id) : undefined;
  if (!pointed || !node) return null;
  // Above the row where there is no room below.
  const isLow = pointed.y > window.innerHeight - 200;
  return (
    <div
      role="tooltip"
      className="pointer-events-none fixed z-50 rounded-lg bg-surface p-2.5 text-sm shadow-float"
      style={{ width: WIDTH, left: Math.min(pointed.x + 12, window.innerWidth - WIDTH - 8), ...(isLow ? { bottom: window.innerHeight - pointed.y + 27 } : { top: pointed.y + 4 }) }}
    >
      <Figures node={node} tree={tree} path={path} />
    </div>
  );
}

function Figures({ node, tree, path }: { node: Node; tree: Tree; path: CriticalPath }) {
  const { span, call, share, children } = node;
  const own = path.own.get(span.id);
  const facts: [string, string | null][] = [
    ['Duration', `${span.duration_ms === null ? 'running' : formatDuration(span.duration_ms)}${share === null ? '' : ` · ${formatShare(share)} of the trace`}`],
    ['Starts at', formatDuration(span.offset_ms - tree.from)],
    ['By itself', children.length > 0 ? formatDuration(selfTime(node)) : null],
    ['Critical path', own === undefined ? null : `${formatDuration(own)}${path.bottleneck === span.id ? ', the bottleneck' : ''}`],
    ['Model', span.model],
    ['Cost', span.cost ? formatCost(span.cost.total) : span.tokens ? 'unknown' : null],
  ];
  return (
    <>
      <p className="mb-1 flex items-center gap-1.5 font-medium">
        <SpanTypeIcon type={span.type} />
        <bdi className="min-w-0 flex-1 truncate">{span.label}{call ? ` #${call.number} of ${call.of}` : ''}</bdi>
        <span className="font-normal text-muted">{spanLook(span.type).label}</span>
      </p>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 figures">
        {facts.map(([name, value]) => value !== null && [<dt key={name} className="text-muted">{name}</dt>, <dd key={`${name} is`} className="truncate">{value}</dd>])}
      </dl>
      {span.tokens && <Tokens input={span.tokens.input} output={span.tokens.output} />}
      {span.error && <p className="mt-1 line-clamp-3 text-error [overflow-wrap:anywhere]">{span.error}</p>}
    </>
  );
}

/** How many went in and came out, side by side. */
function Tokens({ input, output }: { input: number | null; output: number | null }) {
  const all = (input ?? 0) + (output ?? 0);
  return (
    <div className="mt-1.5">
      <div className="flex h-1.5 overflow-hidden rounded-sm bg-hover">
        {all > 0 && <span className="bg-bar" style={{ width: `${((input ?? 0) / all) * 100}%` }} />}
        {all > 0 && <span className="bg-accent" style={{ width: `${((output ?? 0) / all) * 100}%` }} />}
      </div>
      <p className="flex justify-between text-xs text-muted figures"><span>{formatTokens(input)} tokens in</span><span>{formatTokens(output)} out</span></p>
    </div>
  );
}
