/** Keys that do something on a screen. */

import { useEffect, useRef } from 'react';

/** `j`, `Enter`, `?`, `mod+k` (⌘ on a Mac, Ctrl elsewhere); two keys one after the other are `g e`. */
export type Shortcuts = Record<string, () => void>;

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
export const modKey = isMac ? '⌘' : 'Ctrl ';

const SEQUENCE_MS = 900;

/** Runs while the component is shown; silent while somebody types, unless it is a `mod+` key. */
export function useShortcuts(shortcuts: Shortcuts, enabled = true): void {
  const current = useRef(shortcuts);
  useEffect(() => {
    current.current = shortcuts;
  });
  useEffect(() => {
    if (!enabled) return;
    let first = '';
    let at = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const mod = isMac ? event.metaKey : event.ctrlKey;
      if (!mod && (event.altKey || event.metaKey || event.ctrlKey)) return;
      if (!mod && isBusy(event.target)) return;
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
  }, [enabled]);
}

/** Whether keys belong to what has the focus: a field, a menu, a dialog. */
function isBusy(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  return target.closest('input:not([type=checkbox]), textarea, select, [role=menu], [role=dialog], [role=listbox]') !== null;
}
