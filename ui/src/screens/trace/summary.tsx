import { keepPreviousData, useQuery } from '@tanstack/react-query';

import type { Schemas } from '@/api/client';
import { Duration } from '@/components/quantity';
import { SpanTypeIcon } from '@/components/span-type';
import { LoadingRows } from '@/components/states';

import { Content } from './content';
import { Messages } from './messages';
import { spansQuery } from './queries';
import type { Tree } from './tree';

const STEPS = 50;

/** What came in, what happened, what came out. */
export function Summary({ trace, tree, onSelect }: { trace: Schemas['TraceRow']; tree: Tree; onSelect: (id: string) => void }) {
  const root = tree.roots[0];
  const { data } = useQuery({ ...spansQuery(trace.id, root ? [root.span.id] : [], { isRunning: root?.span.duration_ms === null }), placeholderData: keepPreviousData });
  const span = data?.spans[0];
  const steps = root && root.children.length > 0 ? root.children : tree.roots;
  const { input, output } = span?.messages ?? { input: [], output: [] };
  return (
    <div className="mx-auto flex w-full max-w-4xl flex-col gap-3 p-3">
      {(trace.user !== null || trace.session !== null) && <p className="text-sm text-muted">{trace.user !== null && <>User <bdi className="text-text">{trace.user}</bdi> </>}{trace.session !== null && <>Session <bdi className="text-text">{trace.session}</bdi></>}</p>}
      {!span && root && <LoadingRows rows={4} />}
      {span && (input.length > 0 ? <Messages messages={input} /> : <Content title="Inputs" value={span.inputs} />)}
      <ol aria-label="Steps" className="rounded-md border border-line">
        {steps.slice(0, STEPS).map(({ span: step, call }) => (
          <li key={step.id} className="border-b border-line last:border-0">
            <button type="button" className="flex h-7 w-full items-center gap-2 px-2 text-left hover:bg-hover" onClick={() => onSelect(step.id)}>
              <SpanTypeIcon type={step.type} />
              <bdi className={`min-w-0 flex-1 truncate ${step.status === 'ERROR' ? 'text-error' : ''}`}>{step.label}{call ? ` #${call.number}` : ''}</bdi>
              <Duration ms={step.duration_ms} />
            </button>
          </li>
        ))}
        {steps.length > STEPS && <li className="px-2 py-1 text-sm text-muted">and {steps.length - STEPS} more, see Details</li>}
      </ol>
      {span && (output.length > 0 ? <Messages messages={output} /> : <Content title="Outputs" value={span.outputs} />)}
    </div>
  );
}
