import { useMemo, useState } from 'react';

import { formatWhole } from '@/format';
import { cx } from '@/lib/cx';

import { diff } from './diff';
import { textOf } from './said';

/** Letters of each side that are looked at first. */
const STEP_CHARS = 50_000;

/** The first at the left with what is only there, the second at the right; what is the same, once. */
export function TextDiff({ title, a, b }: { title: string; a: unknown; b: unknown }) {
  const [shown, setShown] = useState(STEP_CHARS);
  const [left, right] = useMemo(() => [textOf(a), textOf(b)], [a, b]);
  const pieces = useMemo(() => diff(left.slice(0, shown), right.slice(0, shown)), [left, right, shown]);
  const isSame = left === right;
  const more = Math.max(left.length, right.length) - shown;
  return (
    <section aria-label={title} className="mb-4">
      <h3 className="mb-1 text-sm font-medium">
        {title} {isSame && <span className="font-normal text-muted">are the same</span>}
      </h3>
      <div className={cx('grid gap-2', !isSame && 'grid-cols-2')}>
        {(isSame ? (['both'] as const) : (['a', 'b'] as const)).map((side) => (
          <pre key={side} aria-label={side === 'both' ? `${title} of both` : `${title} of ${side.toUpperCase()}`} className="min-w-0 rounded-md border border-line bg-surface p-2 font-mono text-xs whitespace-pre-wrap [overflow-wrap:anywhere]">
            {(side === 'b' ? right : left) === '' && <span className="text-faint">nothing</span>}
            {pieces
              .filter((piece) => piece.side === 'both' || piece.side === side)
              .map(({ text, side: of }, place) =>
                of === 'both' ? (
                  <span key={place}>{text}</span>
                ) : (
                  <mark key={place} className={cx('rounded-sm', of === 'a' ? 'bg-removed!' : 'bg-added!')}>{text}</mark>
                ),
              )}
          </pre>
        ))}
      </div>
      {more > 0 && (
        <button type="button" className="mt-1 text-sm text-accent hover:underline" onClick={() => setShown(shown + 4 * STEP_CHARS)}>
          Show more ({formatWhole(more)} characters)
        </button>
      )}
    </section>
  );
}
