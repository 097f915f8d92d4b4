/** Matched spans, one below the other; only those in sight are there. */

import { useVirtualizer } from '@tanstack/react-virtual';
import { CircleAlert } from 'lucide-react';
import { useEffect, useMemo, useRef } from 'react';

import { SpanTypeIcon } from '@/components/span-type';
import { formatDuration } from '@/format';
import { cx } from '@/lib/cx';
import type { Node } from '@/screens/trace/tree';

import type { Pair } from './match';
import { differences, type Said } from './said';

const ROW = 24;
/** A row that is only passed by is not asked for. */
const REST_MS = 150;

interface Props {
  pairs: Pair[];
  chosen: number;
  saidIn: (node: Node | null) => Said;
  onChoose: (place: number) => void;
  /** The first and the last row in sight, once scrolling rests. */
  onSight: (first: number, last: number) => void;
}

export function PairList({ pairs, chosen, saidIn, onChoose, onSight }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: pairs.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 12 });
  const items = virtual.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  useEffect(() => {
    const timer = window.setTimeout(() => onSight(first, last), REST_MS);
    return () => window.clearTimeout(timer);
  }, [first, last, onSight]);
  useEffect(() => {
    virtual.scrollToIndex(chosen, { align: 'auto' });
    // Only when another one is chosen.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [chosen]);
  return (
    <div ref={scroller} role="region" aria-label="Matched spans" tabIndex={0} className="min-h-0 flex-1 overflow-auto">
      <div className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start }) => {
          const pair = pairs[index];
          if (!pair) return null;
          return <PairRow key={index} pair={pair} a={saidIn(pair.a)} b={saidIn(pair.b)} top={start} isChosen={index === chosen} onChoose={() => onChoose(index)} />;
        })}
      </div>
    </div>
  );
}

function PairRow({ pair, a: saidInA, b: saidInB, top, isChosen, onChoose }: { pair: Pair; a: Said; b: Said; top: number; isChosen: boolean; onChoose: () => void }) {
  const { a, b, depth } = pair;
  const either = a ?? b;
  const differing = useMemo(() => differences(saidInA, saidInB), [saidInA, saidInB]);
  const hasFailed = [a, b].some((node) => node?.span.status === 'ERROR');
  return (
    <button
      type="button"
      aria-pressed={isChosen}
      onClick={onChoose}
      className={cx('absolute top-0 left-0 flex w-full items-center gap-1.5 border-b border-line/60 pr-2 text-left text-sm hover:bg-hover', isChosen && 'bg-selected')}
      style={{ height: ROW, transform: `translateY(${top}px)`, paddingLeft: 8 + Math.min(depth, 20) * 12 }}
    >
      <SpanTypeIcon type={either?.span.type} />
      <span className="min-w-0 flex-1 truncate"><bdi>{either?.span.label}</bdi>{either?.call && <span className="ml-1.5 text-xs text-faint">#{either.call.number}</span>}</span>
      {hasFailed && <CircleAlert size={13} role="img" aria-label="Error" className="shrink-0 text-error" />}
      {a === null ? <span className="text-xs text-ok">only in B</span> : b === null ? <span className="text-xs text-error">only in A</span> : differing && <Marks {...differing} />}
      <span className="shrink-0 text-right text-xs text-muted figures">
        {formatDuration(a?.span.duration_ms)} → {formatDuration(b?.span.duration_ms)}
      </span>
    </button>
  );
}

function Marks({ inputs, outputs, isCut }: { inputs: boolean; outputs: boolean; isCut: boolean }) {
  const marks = [inputs && 'inputs', outputs && 'outputs'].filter(Boolean).join(', ');
  if (marks !== '') return <span className="text-xs text-warn">{marks}</span>;
  return isCut && <span className="text-xs text-faint" title="Long texts begin alike; choose it and load all of it to compare the rest.">alike so far</span>;
}
