import { useQuery } from '@tanstack/react-query';

import { CopyButton } from '@/components/copy';
import { Failed, LoadingRows } from '@/components/states';

import { JsonTree } from './content';
import { spansQuery } from './queries';

/** The chosen span, or the row of the trace and its first spans, as the server says them. */
export function Raw({ traceId, trace, spans }: { traceId: string; trace: object; spans: string[] }) {
  const { data, error } = useQuery(spansQuery(traceId, spans.slice(0, 100)));
  if (error) return <Failed error={error} />;
  if (!data) return <LoadingRows />;
  const whole = { trace, spans: data.spans };
  return (
    <div className="flex items-start p-3">
      <div className="min-w-0 flex-1">
        <JsonTree value={whole} />
        {spans.length > 100 && <p className="mt-2 text-muted">The first 100 of {spans.length} spans; the export has all.</p>}
      </div>
      <CopyButton text={JSON.stringify(whole, null, 2)} label="Copy as JSON" />
    </div>
  );
}
