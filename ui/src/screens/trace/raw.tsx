import { useMemo, useState } from 'react';

import type { Schemas } from '@/api/client';
import { CopyButton } from '@/components/copy';
import { More } from '@/components/more';
import { Failed, LoadingRows } from '@/components/states';
import { formatWhole } from '@/format';
import { lots } from '@/lib/lots';

import { JsonTree } from './content';
import { AT_ONCE } from './queries';
import type { SpanRow } from './tree';
import { useSpans } from './use-spans';

/** The row of the trace and its spans, as the server says them. */
export function Raw({ traceId, trace, rows }: { traceId: string; trace: Schemas['TraceRow']; rows: SpanRow[] }) {
  const [most, setMost] = useState(AT_ONCE);
  const { spans, isLoading, error, retry } = useSpans(traceId, useMemo(() => lots(rows.slice(0, most), AT_ONCE), [rows, most]));
  const left = rows.length - most;
  if (spans.length === 0 && isLoading) return <LoadingRows />;
  return (
    <div className="flex items-start p-3">
      <div className="min-w-0 flex-1">
        <JsonTree name="trace" value={trace} />
        {spans.map((span) => <JsonTree key={span.id} name={span.name} value={span} open={rows.length === 1} />)}
        {error ? <Failed error={error} onRetry={retry} /> : left > 0 && <More label={`${formatWhole(left)} more spans`} isLoading={isLoading} onMore={() => setMost(most + AT_ONCE)} />}
      </div>
      <CopyButton text={() => JSON.stringify({ trace, spans }, null, 2)} label={left > 0 ? 'Copy what is loaded as JSON' : 'Copy as JSON'} />
    </div>
  );
}
