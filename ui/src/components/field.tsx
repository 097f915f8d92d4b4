import type { ComponentProps, ReactNode } from 'react';

import { cx } from '@/lib/cx';

export function TextField({ className, ...rest }: ComponentProps<'input'>) {
  return (
    <input
      spellCheck={false}
      autoComplete="off"
      className={cx('h-7 w-full min-w-0 rounded-md border border-line-strong bg-surface px-2 text-sm placeholder:text-faint', className)}
      {...rest}
    />
  );
}

export function TextArea({ className, ...rest }: ComponentProps<'textarea'>) {
  return <textarea spellCheck={false} className={cx('w-full min-w-0 resize-y rounded-md border border-line-strong bg-surface px-2 py-1 text-sm placeholder:text-faint', className)} {...rest} />;
}

export function Labelled({ label, children, error }: { label: string; children: ReactNode; error?: string | null }) {
  return (
    <div className="min-w-0 flex-1">
      <label className="block">
        <span className="mb-1 block text-sm text-muted">{label}</span>
        {children}
      </label>
      {error && (
        <span role="alert" className="mt-1 block text-sm text-error">
          {error}
        </span>
      )}
    </div>
  );
}
