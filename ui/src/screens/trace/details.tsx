import { useQuery } from '@tanstack/react-query';
import { ChevronDown, ChevronsDownUp, ChevronsUpDown, ChevronUp, GanttChart, Maximize, ZoomIn, ZoomOut } from 'lucide-react';
import { useDeferredValue, useEffect, useMemo, useRef, useState, type RefObject } from 'react';

import { call, type Schemas } from '@/api/client';
import { IconButton } from '@/components/button';
import { TextField } from '@/components/field';
import { useShortcuts } from '@/lib/shortcuts';
import { hasText } from '@/screens/traces/filter-text';

import { criticalPath } from './critical-path';
import { SpanDetail } from './span-detail';
import { SpanTree } from './span-tree';
import { clipped, scaled, type View } from './timeline';
import { matchingSpans, visibleRows, type Tree } from './tree';
import { useFind, Wanted } from './use-find';

interface Props {
  traceId: string;
  tree: Tree;
  assessments: Schemas['AssessmentView'][];
  selected: string | null;
  timeline: boolean;
  /** What is looked for. */
  find: string;
  onFind: (text: string) => void;
  onSelect: (id: string) => void;
  onTimeline: (shown: boolean) => void;
  beside: RefObject<HTMLElement | null> | undefined;
}

export function Details({ traceId, tree, assessments, selected, timeline, find, onFind, onSelect, onTimeline, beside }: Props) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [text, setText] = useState(find);
  const [zoom, setZoom] = useState<View | null>(null);
  const wanted = useDeferredValue(text.trim());
  const rows = useMemo(() => visibleRows(tree.roots, closed), [tree, closed]);
  const path = useMemo(() => criticalPath(tree), [tree]);
  const hits = useQuery({
    queryKey: ['trace', traceId, 'hits', wanted],
    queryFn: ({ signal }) => call('get', '/traces/{trace_id}/hits', { path: { trace_id: traceId }, query: { filter: hasText(wanted), limit: '1000' }, signal }),
    enabled: wanted.length > 1,
  });
  const found = useMemo(() => {
    const ids = matchingSpans(tree, wanted);
    for (const hit of hits.data?.hits ?? []) if (hit.span_id !== null) ids.add(hit.span_id);
    return ids;
  }, [tree, wanted, hits.data]);
  // Who comes with words in mind sees where they are.
  const shown = selected ?? (found.size > 0 ? visibleRows(tree.roots, new Set()).find(({ span }) => found.has(span.id))?.span.id : null) ?? rows[0]?.span.id ?? null;
  const detail = useRef<HTMLElement>(null);
  const here = useFind(detail, wanted, shown ?? '');
  useEffect(() => {
    const timer = window.setTimeout(() => {
      if (text.trim() !== find) onFind(text.trim());
    }, 400);
    return () => window.clearTimeout(timer);
  }, [text, find, onFind]);
  const at = rows.findIndex((row) => row.span.id === shown);
  const go = (step: number) => {
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
    if (next) onSelect(next.span.id);
  };
  const toggle = (id: string, close = !closed.has(id)) => {
    const next = new Set(closed);
    if (close) next.add(id);
    else next.delete(id);
    setClosed(next);
  };
  /** The next place in the span, or the next span that has one. */
  const jump = (by: 1 | -1 = 1) => {
    if (here.at + by >= 0 && here.at + by < here.count) {
      here.go(here.at + by);
      return;
    }
    // What is closed may hide the next span.
    const all = visibleRows(tree.roots, new Set());
    const from = all.findIndex((row) => row.span.id === shown);
    const others = [...all.slice(from + 1), ...all.slice(0, from)];
    const next = (by === 1 ? others : others.reverse()).find((row) => found.has(row.span.id));
    if (!next) {
      here.go(by === 1 ? 0 : here.count - 1);
      return;
    }
    const open = new Set(closed);
    for (let node = next.parent; node; node = node.parent) open.delete(node.span.id);
    setClosed(open);
    onSelect(next.span.id);
  };
  useShortcuts({
    j: () => go(1),
    k: () => go(-1),
    ArrowDown: () => go(1),
    ArrowUp: () => go(-1),
    ArrowLeft: () => shown && toggle(shown, true),
    ArrowRight: () => shown && toggle(shown, false),
    '/': () => document.getElementById('search-trace')?.focus(),
    '+': () => scale(0.5),
    '-': () => scale(2),
    '0': () => setZoom(null),
  }, { within: beside });
  const view = timeline ? (zoom ?? { from: tree.from, to: tree.to }) : null;
  const scale = (by: number) => {
    if (!view) return;
    const span = tree.byId.get(shown ?? '')?.span;
    // Into what is chosen, where it is in sight.
    const around = span ? span.offset_ms + (span.duration_ms ?? 0) / 2 : view.from;
    setZoom(clipped(scaled(view, by, around >= view.from && around <= view.to ? around : (view.from + view.to) / 2), tree));
  };
  return (
    <div className="flex min-h-0 flex-1">
      <section aria-label="Span tree" className={`@container flex min-w-0 shrink-0 flex-col border-r border-line ${timeline ? 'w-[60%]' : 'w-[42%]'}`}>
        <div className="flex h-9 shrink-0 items-center gap-1 border-b border-line px-2">
          <TextField
            id="search-trace"
            type="search"
            aria-label="Search trace"
            placeholder="Search name, type, text"
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') jump(event.shiftKey ? -1 : 1);
              if (event.key === 'Escape') event.currentTarget.blur();
            }}
          />
          {wanted !== '' && (
            <>
              <span role="status" className="figures px-1 text-xs whitespace-nowrap text-muted">
                {here.count > 0 && `${here.at + 1} of ${here.count}, `}
                {found.size}{hits.data?.more ? '+' : ''} {found.size === 1 ? 'span' : 'spans'}
              </span>
              <IconButton label="Place before (Shift Enter)" className="-mx-1 w-5" disabled={found.size === 0} onClick={() => jump(-1)}><ChevronUp size={14} /></IconButton>
              <IconButton label="Next place (Enter)" className="w-5" disabled={found.size === 0} onClick={() => jump()}><ChevronDown size={14} /></IconButton>
            </>
          )}
          <IconButton label="Close all" onClick={() => setClosed(new Set([...tree.byId.values()].filter((node) => node.children.length > 0 && node.depth > 0).map((node) => node.span.id)))}><ChevronsDownUp size={14} /></IconButton>
          <IconButton label="Open all" onClick={() => setClosed(new Set())}><ChevronsUpDown size={14} /></IconButton>
          <IconButton label="Show execution timeline" aria-pressed={timeline} onClick={() => onTimeline(!timeline)}><GanttChart size={14} /></IconButton>
          {timeline && <IconButton label="Zoom in (+)" onClick={() => scale(0.5)}><ZoomIn size={14} /></IconButton>}
          {timeline && <IconButton label="Zoom out (-)" disabled={zoom === null} onClick={() => scale(2)}><ZoomOut size={14} /></IconButton>}
          {timeline && <IconButton label="Show all of the time (0)" disabled={zoom === null} onClick={() => setZoom(null)}><Maximize size={13} /></IconButton>}
        </div>
        <SpanTree tree={tree} rows={rows} closed={closed} selected={shown} found={found} path={path} view={view} onView={setZoom} onSelect={onSelect} onToggle={toggle} />
      </section>
      <section ref={detail} aria-label="Span" tabIndex={0} className="min-w-0 flex-1 overflow-auto -outline-offset-2">
        <Wanted value={wanted}>{shown && <SpanDetail key={shown} traceId={traceId} spanId={shown} assessments={assessments} isWanted={found.has(shown) && wanted !== ''} isRunning={tree.byId.get(shown)?.span.duration_ms === null} />}</Wanted>
      </section>
    </div>
  );
}
