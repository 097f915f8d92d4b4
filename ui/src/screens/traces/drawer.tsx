/** A trace beside the list. */

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ChevronDown, ChevronUp, Maximize2, X } from 'lucide-react';
import { useEffect, useState, type KeyboardEvent, type PointerEvent, type RefObject } from 'react';

import { IconButton } from '@/components/button';
import type { Search } from '@/routes';
import { remember, remembered } from '@/lib/remembered';
import { useShortcuts } from '@/lib/shortcuts';
import { useNeighbours } from '@/screens/trace/neighbours';
import { TracePanel } from '@/screens/trace/panel';
import type { Place } from '@/screens/trace/place';
import { treeQuery } from '@/screens/trace/queries';

import type { Scope } from './address';
import type { Row } from './columns';

interface Props {
  experimentId: string;
  traceId: string;
  place: Place;
  /** The list it is beside, as far as it is loaded, and how it was asked for. */
  rows: Row[];
  scope: Scope;
  list: Search;
  drawer: RefObject<HTMLElement | null>;
  onPlace: (place: Place) => void;
  onTrace: (id: string) => void;
  onClose: () => void;
  /** Loads further rows; `null` where there are none. */
  onMore: (() => void) | null;
}

const WIDTH = 'fanlight.drawer-width';
const NARROWEST = 480;
/** What is left of the list, at least. */
const LIST = 220;
/** Percent by which a key makes it wider. */
const KEY_STEP = 2;

export default function Drawer({ experimentId, traceId, place, rows, scope, list, drawer, onPlace, onTrace, onClose, onMore }: Props) {
  const at = rows.findIndex(({ id }) => id === traceId);
  const { data } = useQuery(treeQuery(traceId));
  // A shared address may be about a trace far down.
  const beyond = useNeighbours(experimentId, at < 0 ? data?.trace : undefined, scope);
  const previous = at < 0 ? beyond.previous : (rows[at - 1]?.id ?? null);
  const next = at < 0 ? beyond.next : (rows[at + 1]?.id ?? null);
  const isNearEnd = at >= 0 && at > rows.length - 10;
  useEffect(() => {
    if (isNearEnd) onMore?.();
  }, [isNearEnd, onMore]);
  const go = (id: string | null) => id !== null && onTrace(id);
  useShortcuts({ '[': () => go(previous), ']': () => go(next), Escape: onClose });
  const [share, setShare] = useState(() => Number.parseFloat(remembered(WIDTH) ?? '') || 68);
  const widen = (percent: number) => {
    const next = Math.min(95, Math.max(25, percent));
    remember(WIDTH, `${next}%`);
    setShare(next);
  };
  const name = data?.trace.name ?? traceId;
  return (
    <aside ref={drawer} aria-label="Trace" data-shown={traceId} className="relative flex shrink-0 flex-col border-l border-line-strong bg-page max-md:absolute max-md:inset-0 max-md:z-20 max-md:w-full!" style={{ width: `clamp(${NARROWEST}px, ${share}%, calc(100% - ${LIST}px))` }}>
      <Edge drawer={drawer} share={share} onShare={widen} />
      <header className="flex h-9 shrink-0 items-center gap-1 border-b border-line px-2">
        <IconButton label="Previous trace ([)" className="size-6" disabled={previous === null} onClick={() => go(previous)}><ChevronUp size={15} /></IconButton>
        <IconButton label="Next trace (])" className="size-6" disabled={next === null} onClick={() => go(next)}><ChevronDown size={15} /></IconButton>
        <h2 className="min-w-0 flex-1 truncate px-1 font-semibold" title={name}>{name}</h2>
        <Link
          to="/experiments/$experimentId/traces/$traceId"
          params={{ experimentId, traceId }}
          search={{ ...list, ...place }}
          className="inline-flex size-7 items-center justify-center rounded-md text-muted hover:bg-hover hover:text-text"
          aria-label="Open as page"
          title="Open as page"
        >
          <Maximize2 size={14} />
        </Link>
        <IconButton label="Close (Esc)" onClick={onClose}><X size={15} /></IconButton>
      </header>
      <TracePanel key={traceId} traceId={traceId} place={place} onPlace={onPlace} beside={drawer} />
    </aside>
  );
}

/** Dragging it, or arrow keys on it, make the drawer wider; the browser remembers how wide. */
function Edge({ drawer, share, onShare }: { drawer: RefObject<HTMLElement | null>; share: number; onShare: (percent: number) => void }) {
  const resize = (event: PointerEvent<HTMLDivElement>) => {
    const { current } = drawer;
    const edge = event.currentTarget;
    if (!current) return;
    const whole = current.parentElement?.clientWidth ?? window.innerWidth;
    const right = current.getBoundingClientRect().right;
    edge.setPointerCapture(event.pointerId);
    edge.onpointermove = (move) => onShare(((right - move.clientX) / whole) * 100);
    edge.onpointerup = () => {
      edge.onpointermove = null;
      edge.onpointerup = null;
    };
  };
  const byKeys = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowLeft' ? 1 : event.key === 'ArrowRight' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    onShare(share + step * KEY_STEP);
  };
  return (
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the trace"
      aria-valuenow={Math.round(share)}
      tabIndex={0}
      className="absolute inset-y-0 -left-1 z-20 w-2 cursor-col-resize touch-none hover:bg-accent-soft max-md:hidden"
      onPointerDown={resize}
      onKeyDown={byKeys}
    />
  );
}
