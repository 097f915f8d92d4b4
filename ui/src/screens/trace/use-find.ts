/** Marks words in a part of the page and goes from one place to the next. Nothing of the page is changed for it. */

import { createContext, useCallback, useEffect, useRef, useState, type RefObject } from 'react';

import { findPlaces } from './find-places';

/** What is looked for: whoever shows a text in parts shows the part that has it. */
export const Wanted = createContext('');

export interface Found {
  count: number;
  /** The one that is shown, from 0. */
  at: number;
  go: (at: number) => void;
}

const ALL = 'found';
const HERE = 'found-here';
/** Texts come in parts: they are looked at when they have rested so long. */
const REST_MS = 60;

export function useFind(region: RefObject<HTMLElement | null>, words: string, subject: string): Found {
  const places = useRef<Range[]>([]);
  const [count, setCount] = useState(0);
  const [at, setAt] = useState(0);
  const place = useRef(0);

  const show = useCallback((next: number) => {
    place.current = next;
    setAt(next);
    const range = places.current[next];
    mark(HERE, range ? [range] : []);
    if (range) reveal(range);
  }, []);

  useEffect(() => {
    const element = region.current;
    place.current = 0;
    setAt(0);
    if (!element || words.trim() === '') {
      places.current = [];
      setCount(0);
      return;
    }
    let timer: number | undefined;
    let isFirst = true;
    const look = () => {
      const found = findPlaces(element, words);
      places.current = found;
      setCount(found.length);
      mark(ALL, found);
      const here = found[Math.min(place.current, found.length - 1)];
      mark(HERE, here ? [here] : []);
      if (here && isFirst) {
        isFirst = false;
        reveal(here);
      }
    };
    const soon = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(look, REST_MS);
    };
    soon();
    const observer = new MutationObserver(soon);
    observer.observe(element, { childList: true, subtree: true, characterData: true });
    return () => {
      window.clearTimeout(timer);
      observer.disconnect();
      mark(ALL, []);
      mark(HERE, []);
    };
  }, [region, words, subject]);

  return { count, at, go: show };
}

function mark(name: string, ranges: Range[]): void {
  // Browsers without it count and scroll all the same.
  if (!('highlights' in CSS)) return;
  if (ranges.length === 0) CSS.highlights.delete(name);
  else CSS.highlights.set(name, new Highlight(...ranges));
}

function reveal(range: Range): void {
  const element = range.startContainer.parentElement;
  for (let folded = element?.closest('details:not([open])'); folded instanceof HTMLDetailsElement; folded = folded.parentElement?.closest('details:not([open])')) folded.open = true;
  element?.scrollIntoView({ block: 'nearest' });
  // A long text is one element: its line is meant.
  const box = range.getBoundingClientRect();
  const scroller = scrollerOf(element);
  if (!scroller) return;
  const around = scroller.getBoundingClientRect();
  if (box.top < around.top + 60 || box.bottom > around.bottom - 20) scroller.scrollBy({ top: box.top - around.top - around.height / 3 });
}

function scrollerOf(element: Element | null): Element | null {
  for (let at = element; at; at = at.parentElement) {
    if (at.scrollHeight > at.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(at).overflowY)) return at;
  }
  return null;
}
