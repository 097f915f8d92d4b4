import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronDown, ChevronRight, CircleAlert } from 'lucide-react';
import { useEffect, useRef } from 'react';

import { SpanTypeIcon, spanLook } from '@/components/span-type';
import { formatDuration, formatShare } from '@/format';
import { cx } from '@/lib/cx';

import type { CriticalPath } from './critical-path';
import { HoverCard } from './hover-card';
import { Axis, DragRange, Gridlines, Minimap, placeIn } from './time-axis';
import type { View } from './timeline';
import type { Node, Tree } from './tree';
import { useTimeDrag } from './use-time-drag';

const ROW = 23;
/** Small picture and axis. */
const HEAD = 41;
/** Where the times are within a row: after the name, before the figures. */
const TIMES = 'left-[45%] right-[124px]';

interface Props {
  tree: Tree;
  rows: Node[];
  closed: ReadonlySet<string>;
  selected: string | null;
  found: ReadonlySet<string>;
  path: CriticalPath;
  /** What the timeline shows; `null` without one. */
  view: View | null;
  onView: (view: View | null) => void;
  onSelect: (id: string) => void;
  onToggle: (id: string) => void;
}

/** Only the rows in sight are there, so that many thousand scroll like ten. */
export function SpanTree({ tree, rows, closed, selected, found, path, view, onView, onSelect, onToggle }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const times = useRef<HTMLDivElement>(null);
  const head = view ? HEAD : 0;
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 12, scrollMargin: head, scrollPaddingStart: head });
  const { drag, isOfWhole, handlers } = useTimeDrag(times, view, tree, onView);
  const at = rows.findIndex((row) => row.span.id === selected);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' });
    // Only when another one is chosen.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [selected]);
  return (
    <div ref={box} className="relative min-h-0 flex-1 overflow-auto overscroll-x-contain select-none" {...handlers}>
      {view && (
        <div className="sticky top-0 z-10 border-b border-line bg-page" style={{ height: HEAD }}>
          <div ref={times} className={cx('absolute inset-y-0', TIMES)}>
            <Minimap tree={tree} view={view} drag={isOfWhole ? drag : null} />
            <Axis view={view} start={tree.from} />
          </div>
        </div>
      )}
      <div
        role="tree"
        aria-label="Spans"
        tabIndex={0}
        className="relative -outline-offset-2"
        style={{ height: virtual.getTotalSize() }}
        aria-activedescendant={at >= 0 ? `span-${selected ?? ''}` : undefined}
      >
        {view && <div className={cx('absolute inset-y-0', TIMES)} aria-hidden><Gridlines view={view} start={tree.from} /></div>}
        {virtual.getVirtualItems().map((item) => {
          const node = rows[item.index];
          if (!node) return null;
          const { span, depth, call, share, children } = node;
          const isOpen = !closed.has(span.id);
          return (
            <div
              key={span.id}
              id={`span-${span.id}`}
              data-span={span.id}
              role="treeitem"
              aria-level={depth + 1}
              aria-selected={span.id === selected}
              {...(children.length > 0 ? { 'aria-expanded': isOpen } : {})}
              className={cx('absolute flex h-row w-full items-center border-b border-line/60 hover:bg-hover/60', span.id === selected && 'bg-selected/70', found.has(span.id) && 'font-semibold')}
              style={{ transform: `translateY(${item.start - head}px)` }}
              onClick={() => onSelect(span.id)}
            >
              <div className={cx('flex min-w-0 items-center gap-1.5 overflow-hidden pr-2', view ? 'w-[45%] shrink-0' : 'flex-1')} style={{ paddingLeft: `min(${6 + depth * 14}px, ${view ? 22 : 40}%)` }} title={depth > 10 ? `Level ${depth + 1}` : undefined}>
                <span className="flex size-4 shrink-0 items-center justify-center text-faint" onClick={(event) => { event.stopPropagation(); onToggle(span.id); }}>
                  {children.length > 0 && (isOpen ? <ChevronDown size={13} /> : <ChevronRight size={13} />)}
                </span>
                <SpanTypeIcon type={span.type} />
                <bdi className="truncate">{found.has(span.id) ? <mark>{span.label}</mark> : span.label}</bdi>
                {call && <span className="shrink-0 text-xs text-faint" title={`Call ${call.number} of ${call.of}`}>#{call.number}</span>}
                {span.status === 'ERROR' && <CircleAlert size={13} role="img" aria-label="Error" className="shrink-0 text-error" />}
              </div>
              {view && <Bar node={node} view={view} isOnPath={path.own.has(span.id)} isBottleneck={path.bottleneck === span.id} />}
              <span className="flex shrink-0 px-2 text-right text-xs text-muted figures">
                <span className="w-16">{span.duration_ms === null ? 'running' : formatDuration(span.duration_ms)}</span>
                <span className={cx('w-11', !view && '@max-[290px]:hidden')}>{formatShare(share)}</span>
              </span>
            </div>
          );
        })}
      </div>
      {drag && !isOfWhole && <div className={cx('pointer-events-none absolute inset-y-0 z-20', TIMES)} style={{ height: virtual.getTotalSize() }}><DragRange drag={drag} /></div>}
      <HoverCard box={box} tree={tree} path={path} />
    </div>
  );
}

function Bar({ node: { span }, view, isOnPath, isBottleneck }: { node: Node; view: View; isOnPath: boolean; isBottleneck: boolean }) {
  const place = (ms: number) => Math.max(0, Math.min(100, placeIn(view, ms)));
  const left = place(span.offset_ms);
  const right = span.duration_ms === null ? 100 : place(span.offset_ms + span.duration_ms);
  const isInView = span.offset_ms <= view.to && (span.duration_ms === null || span.offset_ms + span.duration_ms >= view.from);
  return (
    <div className="relative h-full min-w-0 flex-1 cursor-crosshair overflow-hidden">
      {isInView && <div
        className={cx('absolute top-1.5 bottom-1.5 rounded-sm', isBottleneck && 'outline-2 outline-error', !isOnPath && 'opacity-45')}
        style={{ left: `min(${left}%, 100% - 2px)`, width: `max(2px, ${right - left}%)`, background: spanLook(span.type).color }}
      />}
      {isBottleneck && <span className="sr-only">the bottleneck</span>}
    </div>
  );
}
