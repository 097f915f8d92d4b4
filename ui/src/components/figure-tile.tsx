import type { ReactNode } from 'react';

/** A figure and what it is. */
export function FigureTile({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="max-w-72 min-w-20 px-3 py-1.5">
      <dt className="text-xs whitespace-nowrap text-muted">{label}</dt>
      <dd className="truncate text-lg font-medium figures" {...(typeof children === 'string' ? { title: children } : {})}>
        {children}
      </dd>
    </div>
  );
}
