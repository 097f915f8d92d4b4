import { useRef, useState, type MouseEvent, type PointerEvent, type RefObject, type WheelEvent } from 'react';

import { clipped, moved, type View } from './timeline';

/** A click is a drag that went nowhere. */
const LEAST_DRAG = 4;

interface Begun {
  x: number;
  /** On the small picture, which always has all of the trace. */
  isOfWhole: boolean;
  isDrag: boolean;
}

/**
 * Choosing a part of the time by dragging over it, moving it sideways with a wheel, and showing all again with a double
 * click. `times` is where the times are; what is beside them is left alone.
 */
export function useTimeDrag(times: RefObject<HTMLElement | null>, view: View | null, whole: View, onView: (view: View | null) => void) {
  const begun = useRef<Begun | null>(null);
  const [drag, setDrag] = useState<{ shares: [number, number]; isOfWhole: boolean } | null>(null);
  const share = (x: number) => {
    const box = times.current?.getBoundingClientRect();
    return box && box.width > 0 ? (x - box.left) / box.width : 0;
  };
  const inside = (x: number) => Math.min(1, Math.max(0, share(x)));
  const isOnTimes = (x: number) => view !== null && share(x) >= 0 && share(x) <= 1;
  const isOfWhole = (target: EventTarget) => target instanceof Element && target.closest('[data-minimap]') !== null;
  const end = () => {
    begun.current = null;
    setDrag(null);
  };
  const handlers = {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button === 0 && isOnTimes(event.clientX)) begun.current = { x: event.clientX, isOfWhole: isOfWhole(event.target), isDrag: false };
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      const start = begun.current;
      if (!start) return;
      if (!start.isDrag && Math.abs(event.clientX - start.x) < LEAST_DRAG) return;
      if (!start.isDrag) {
        start.isDrag = true;
        // From here on the row below gets no click.
        event.currentTarget.setPointerCapture(event.pointerId);
      }
      setDrag({ shares: [inside(start.x), inside(event.clientX)], isOfWhole: start.isOfWhole });
    },
    onPointerUp: () => {
      if (drag && view) {
        const { from, to } = drag.isOfWhole ? whole : view;
        const [left, right] = [Math.min(...drag.shares), Math.max(...drag.shares)];
        if (right > left) onView(clipped({ from: from + left * (to - from), to: from + right * (to - from) }, whole));
      }
      end();
    },
    onPointerCancel: end,
    onDoubleClick: (event: MouseEvent<HTMLElement>) => {
      if (isOnTimes(event.clientX)) onView(null);
    },
    onWheel: (event: WheelEvent<HTMLElement>) => {
      const width = times.current?.clientWidth ?? 0;
      const sideways = event.shiftKey ? event.deltaY : event.deltaX;
      if (view && sideways !== 0 && width > 0) onView(clipped(moved(view, sideways / width), whole));
    },
  };
  return { drag: drag?.shares ?? null, isOfWhole: drag?.isOfWhole ?? false, handlers };
}
