/** What a screen shows when it has nothing to show yet, or no longer. */

import { Link } from '@tanstack/react-router';
import { AlertTriangle, SearchX } from 'lucide-react';
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

/** What an address names is not there: asking again is of no use, going elsewhere is. */
export function NotFound({ title, children, back }: { title: string; children?: ReactNode; back?: ReactNode }) {
  return (
    <div role="alert" className="mx-auto flex max-w-md flex-1 flex-col items-center gap-3 px-6 py-16 text-center">
      <SearchX className="text-muted" size={22} aria-hidden />
      <p className="text-lg font-medium">{title}</p>
      {children && <p className="text-muted [overflow-wrap:anywhere]">{children}</p>}
      {back ?? (
        <Link to="/experiments" className="text-accent underline underline-offset-2">
          All experiments
        </Link>
      )}
    </div>
  );
}

export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  if (error instanceof ApiError && error.status === 404) return <NotFound title="Not found">{sentence(error.message)}</NotFound>;
  return (
    <div role="alert" className="mx-auto flex max-w-md flex-1 flex-col items-center gap-3 px-6 py-16 text-center">
      <AlertTriangle className="text-error" size={22} />
      <p className="font-medium">This could not be loaded.</p>
      <p className="text-muted [overflow-wrap:anywhere]">{sentence(messageOf(error))}</p>
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
          <div className="h-2 animate-pulse rounded-sm bg-line" style={{ width: `${35 + ((row * 37) % 50)}%` }} />
        </div>
      ))}
    </div>
  );
}

/** The server's words begin small, and have no full stop. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? '' : '.'}`;
}

export function messageOf(error: unknown): string {
  if (error instanceof ApiError || error instanceof Error) return error.message;
  return 'Something went wrong.';
}
