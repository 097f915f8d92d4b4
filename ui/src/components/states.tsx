/** What a screen shows when it has nothing to show yet, or no longer. */

import { AlertTriangle } from 'lucide-react';
import type { ReactNode } from 'react';

import { ApiError } from '@/api/client';

import { Button } from './button';

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="mx-auto flex max-w-md flex-1 flex-col items-center gap-2 px-6 py-16 text-center">
      <p className="text-lg font-medium">{title}</p>
      {children && <div className="text-muted">{children}</div>}
    </div>
  );
}

export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div role="alert" className="mx-auto flex max-w-md flex-1 flex-col items-center gap-3 px-6 py-16 text-center">
      <AlertTriangle className="text-error" size={22} />
      <p className="font-medium">This could not be loaded.</p>
      <p className="text-muted [overflow-wrap:anywhere]">{messageOf(error)}</p>
      {onRetry && <Button onClick={onRetry}>Try again</Button>}
    </div>
  );
}

/** Rows to come, still. */
export function LoadingRows({ rows = 12 }: { rows?: number }) {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex h-row items-center border-b border-line px-3">
          <div className="h-2 animate-pulse rounded-sm bg-hover" style={{ width: `${35 + ((row * 37) % 50)}%` }} />
        </div>
      ))}
    </div>
  );
}

export function messageOf(error: unknown): string {
  if (error instanceof ApiError || error instanceof Error) return error.message;
  return 'Something went wrong.';
}
