/** Short words about what was done, with a way back where there is one. */

import { X } from 'lucide-react';
import { useEffect, useSyncExternalStore } from 'react';

import { IconButton } from './button';

export interface Notice {
  text: string;
  isError?: boolean;
  action?: { label: string; run: () => void };
}

const SHOWN_MS = 7000;

let notice: (Notice & { id: number }) | null = null;
let count = 0;
const listeners = new Set<() => void>();

export function notify(next: Notice | null): void {
  count += 1;
  notice = next ? { ...next, id: count } : null;
  listeners.forEach((tell) => tell());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Toaster() {
  const shown = useSyncExternalStore(subscribe, () => notice);
  useEffect(() => {
    if (!shown) return;
    const timer = window.setTimeout(() => notify(null), SHOWN_MS);
    return () => window.clearTimeout(timer);
  }, [shown]);
  return (
    <div role="status" className="pointer-events-none fixed bottom-4 left-1/2 z-50 -translate-x-1/2">
      {shown && (
        <div className="pointer-events-auto flex max-w-[80vw] items-center gap-3 rounded-lg bg-surface py-1.5 pr-1.5 pl-3.5 shadow-float">
          <span className={shown.isError ? 'text-error' : undefined}>{shown.text}</span>
          {shown.action && (
            <button
              type="button"
              className="font-medium text-accent hover:underline"
              onClick={() => {
                shown.action?.run();
                notify(null);
              }}
            >
              {shown.action.label}
            </button>
          )}
          <IconButton label="Dismiss" className="size-6" onClick={() => notify(null)}>
            <X size={13} />
          </IconButton>
        </div>
      )}
    </div>
  );
}
