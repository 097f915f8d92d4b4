import { keepPreviousData, useQuery } from '@tanstack/react-query';

import type { Schemas } from '@/api/client';
import { Duration } from '@/components/quantity';
import { SpanTypeIcon } from '@/components/span-type';
import { Failed, LoadingRows } from '@/components/states';

import { Content } from './content';
import { Messages } from './messages';
import { spansQuery } from './queries';
import { calledOf, type Tree } from './tree';

const STEPS = 50;

/** What came in, what happened, what came out. */
export function Summary({ trace, tree, onSelect }: { trace: Schemas['TraceRow']; tree: Tree; onSelect: (id: string) => void }) {
  const root = tree.roots[0];
  const { data, error, refetch } = useQuery({ ...spansQuery(trace.id, root ? [root.span.id] : [], { isRunning: root?.span.duration_ms === null }), placeholderData: keepPreviousData });
  const span = data?.spans[0];
  const steps = root && root.children.length > 0 ? root.children : tree.roots;
  const { input, output } = span?.messages ?? { input: [], output: [] };
  return (
    <div className="mx-auto flex w-full max-w-4xl flex-col gap-3 p-3">
      {(trace.user !== null || trace.session !== null) && (
        <p className="flex flex-wrap gap-x-5 text-sm text-muted">
          {trace.user !== null && <span>User <bdi className="text-text">{trace.user}</bdi></span>}
          {trace.session !== null && <span>Session <bdi className="text-text">{trace.session}</bdi></span>}
        </p>
      )}
      {!span && root && (error ? <Failed error={error} onRetry={() => void refetch()} /> : <LoadingRows rows={4} />)}
      {span && (input.length > 0 ? <section aria-label="Inputs"><Heading>Inputs</Heading><Messages messages={input} /></section> : <Content title="Inputs" value={span.inputs} />)}
      <section aria-label="Spans">
        <Heading>Spans</Heading>
        <ol aria-label="Steps" className="rounded-md border border-line">
          {steps.slice(0, STEPS).map(({ span: step, call }) => (
            <li key={step.id} className="border-b border-line last:border-0">
              <button type="button" className="flex h-7 w-full items-center gap-2 px-2 text-left hover:bg-hover" onClick={() => onSelect(step.id)}>
                <SpanTypeIcon type={step.type} />
                <bdi className={`min-w-0 flex-1 truncate ${step.status === 'ERROR' ? 'text-error' : ''}`}>{calledOf({ span: step, call })}</bdi>
                <Duration ms={step.duration_ms} />
              </button>
            </li>
          ))}
          {steps.length > STEPS && <li className="px-2 py-1 text-sm text-muted">and {steps.length - STEPS} more, see Details</li>}
        </ol>
      </section>
      {span && (output.length > 0 ? <section aria-label="Outputs"><Heading>Outputs</Heading><Messages messages={output} /></section> : <Content title="Outputs" value={span.outputs} />)}
    </div>
  );
}

function Heading({ children }: { children: string }) {
  return <h2 className="mb-1 text-sm text-muted">{children}</h2>;
}
