import type { ComponentProps } from 'react';

import { cx } from '@/lib/cx';

const LOOKS = {
  primary: 'bg-accent text-on-accent hover:opacity-90',
  plain: 'border border-line-strong bg-surface hover:bg-hover',
  quiet: 'text-muted hover:bg-hover hover:text-text',
  danger: 'bg-error text-surface hover:opacity-90',
} as const;

type Props = ComponentProps<'button'> & { look?: keyof typeof LOOKS };

export function Button({ look = 'plain', className, type = 'button', ...rest }: Props) {
  return (
    <button
      type={type}
      className={cx(
        'inline-flex h-7 shrink-0 items-center gap-1.5 rounded-md px-2.5 text-sm whitespace-nowrap disabled:opacity-50',
        LOOKS[look],
        className,
      )}
      {...rest}
    />
  );
}

/** A button that is only an icon: its name is for tooltips and screen readers. */
export function IconButton({ label, className, type = 'button', ...rest }: ComponentProps<'button'> & { label: string }) {
  return (
    <button
      type={type}
      aria-label={label}
      title={label}
      className={cx(
        'inline-flex size-7 shrink-0 items-center justify-center rounded-md text-muted hover:bg-hover hover:text-text disabled:opacity-50 aria-pressed:bg-selected aria-pressed:text-accent',
        className,
      )}
      {...rest}
    />
  );
}
