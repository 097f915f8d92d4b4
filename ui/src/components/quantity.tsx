/** Quantities on a screen: the short form, and all of it on hover. */

import { formatAbsolute, formatCost, formatDuration, formatRelative, formatTokens, formatWhole } from '@/format';
import { useNow } from '@/lib/now';

export function Ago({ at }: { at: string | null | undefined }) {
  const now = useNow();
  return (
    <time className="figures" {...(at ? { dateTime: at, title: formatAbsolute(at) } : {})}>
      {formatRelative(at, now)}
    </time>
  );
}

export function Duration({ ms }: { ms: number | null | undefined }) {
  return <span className="figures">{formatDuration(ms)}</span>;
}

export function TokenCount({ count }: { count: number | null | undefined }) {
  return (
    <span className="figures" title={typeof count === 'number' ? `${formatWhole(count)} tokens` : undefined}>
      {formatTokens(count)}
    </span>
  );
}

export function Money({ dollars }: { dollars: number | null | undefined }) {
  return (
    <span className="figures" title={typeof dollars === 'number' ? `$${dollars}` : undefined}>
      {formatCost(dollars)}
    </span>
  );
}
