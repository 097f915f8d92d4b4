/** The line in which a filter is written; the editor itself comes when the screen is there. */

import { lazy, Suspense, useState } from 'react';

import { cx } from '@/lib/cx';

const Editor = lazy(() => import('./filter-editor'));

export interface FilterBarProps {
  experimentId: string;
  filter: string;
  onFilter: (filter: string) => void;
  /** What is wrong with it, and at which character. */
  error: { message: string; at: number | null } | null;
  /** Grows by one each time the keyboard asks for the line. */
  focusCount: number;
}

export function FilterBar(props: FilterBarProps) {
  const { filter, error } = props;
  const [isFocused, setFocused] = useState(false);
  return (
    <div className="relative min-w-0 flex-1" onFocus={() => setFocused(true)} onBlur={() => setFocused(false)}>
      <div className={cx('flex h-7 items-center overflow-hidden rounded-md border bg-surface px-2', error ? 'border-error' : isFocused ? 'border-accent' : 'border-line-strong')}>
        <Suspense fallback={<span className="truncate font-mono text-sm text-muted">{filter || PLACEHOLDER}</span>}>
          <Editor {...props} />
        </Suspense>
      </div>
      {error && (
        <p role="alert" className="absolute top-full left-0 z-30 mt-1 max-w-full rounded-md bg-error-soft px-2 py-1 text-sm text-error shadow-float [overflow-wrap:anywhere]">
          {error.message}
        </p>
      )}
    </div>
  );
}

export const PLACEHOLDER = "Filter: status = 'ERROR' AND execution_time_ms > 2000";
