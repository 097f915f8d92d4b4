/** Keys that do something on a screen. */

import { useEffect, useRef, type RefObject } from 'react';

/** `j`, `Enter`, `?`, `mod+k` (⌘ on a Mac, Ctrl elsewhere); two keys one after the other are `g e`. */
export type Shortcuts = Record<string, () => void>;

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
export const modKey = isMac ? '⌘' : 'Ctrl ';

const SEQUENCE_MS = 900;

/** Where keys count: only while the focus is within a place, or only while it is elsewhere. */
export interface Where {
  within?: RefObject<HTMLElement | null> | undefined;
  outside?: RefObject<HTMLElement | null> | undefined;
}

/** Runs while the component is shown; silent while somebody types, unless it is a `mod+` key. */
export function useShortcuts(shortcuts: Shortcuts, { within, outside }: Where = {}): void {
  const current = useRef(shortcuts);
  useEffect(() => {
    current.current = shortcuts;
  });
  useEffect(() => {
    let first = '';
    let at = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const mod = isMac ? event.metaKey : event.ctrlKey;
      if (!mod && (event.altKey || event.metaKey || event.ctrlKey)) return;
      if (!mod && (isBusy(event.target) || isPress(event))) return;
      if (within && !holds(within, event.target)) return;
      if (outside && holds(outside, event.target)) return;
      const key = mod ? `mod+${event.key.toLowerCase()}` : event.key;
      const sequence = event.timeStamp - at < SEQUENCE_MS ? `${first} ${key}` : '';
      first = key;
      at = event.timeStamp;
      const run = current.current[sequence] ?? current.current[key];
      if (!run) return;
      event.preventDefault();
      run();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [within, outside]);
}

function holds({ current }: RefObject<HTMLElement | null>, target: EventTarget | null): boolean {
  return target instanceof Node && current !== null && current.contains(target);
}

/** Whether it presses the button or follows the link that has the focus. */
function isPress({ key, target }: KeyboardEvent): boolean {
  return (key === 'Enter' || key === ' ') && target instanceof HTMLElement && target.closest('button, a[href], summary') !== null;
}

/** Whether keys belong to what has the focus: a field, a menu, a dialog. */
function isBusy(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  return target.closest('input:not([type=checkbox]), textarea, select, audio, [role=menu], [role=dialog], [role=listbox]') !== null;
}
