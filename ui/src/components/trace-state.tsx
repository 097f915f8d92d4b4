import { CircleAlert, CircleCheck, CircleDashed, LoaderCircle } from 'lucide-react';

import { cx } from '@/lib/cx';

const KNOWN = {
  OK: { label: 'OK', icon: CircleCheck, color: 'text-ok' },
  ERROR: { label: 'Error', icon: CircleAlert, color: 'text-error' },
  IN_PROGRESS: { label: 'Running', icon: LoaderCircle, color: 'text-running' },
  STATE_UNSPECIFIED: { label: 'Unset', icon: CircleDashed, color: 'text-unset' },
} as const;

export function stateLabel(state: string): string {
  return isKnown(state) ? KNOWN[state].label : state;
}

/** The state of a trace: an icon, a colour and a word. */
export function TraceState({ state, short = false }: { state: string; short?: boolean }) {
  const { label, icon: Icon, color } = isKnown(state) ? KNOWN[state] : { ...KNOWN.STATE_UNSPECIFIED, label: state };
  return (
    <span className={cx('inline-flex items-center gap-1 align-middle leading-none', color)} title={label}>
      <Icon size={13} className="shrink-0" aria-hidden />
      <span className={short ? 'sr-only' : undefined}>{label}</span>
    </span>
  );
}

function isKnown(state: string): state is keyof typeof KNOWN {
  return state in KNOWN;
}
