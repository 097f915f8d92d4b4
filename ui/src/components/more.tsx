/** The end of what is loaded of something longer. */

import { useEffect, useRef } from 'react';

import { Button } from './button';

/** How far below what is in sight the next part is asked for already, in pixels. */
const AHEAD = 800;

/** Asks for more by itself when it comes near; a button all the same, for whoever does not scroll. */
export function More({ label, isLoading, onMore }: { label: string; isLoading: boolean; onMore: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  const more = useRef(onMore);
  useEffect(() => {
    more.current = onMore;
  });
  useEffect(() => {
    if (isLoading || !place.current) return;
    const observer = new IntersectionObserver((seen) => seen.some(({ isIntersecting }) => isIntersecting) && more.current(), { root: place.current.closest('[data-scrolls]'), rootMargin: `${AHEAD}px` });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [isLoading]);
  return (
    <div ref={place} className="flex justify-center py-3">
      <Button disabled={isLoading} onClick={onMore}>{isLoading ? 'Loading…' : label}</Button>
    </div>
  );
}
