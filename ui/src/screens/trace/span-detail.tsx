import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { FileText } from 'lucide-react';
import { useState } from 'react';

import type { Schemas } from '@/api/client';
import { Button } from '@/components/button';
import { CopyButton } from '@/components/copy';
import { Duration, Money, TokenCount } from '@/components/quantity';
import { SpanTypeIcon } from '@/components/span-type';
import { Failed, LoadingRows } from '@/components/states';
import { formatAbsolute, formatWhole } from '@/format';

import { Assessments } from './assessments';
import { Content, JsonTree, LongText, Prose } from './content';
import { SpanCost } from './cost';
import { Messages } from './messages';
import { spansQuery } from './queries';
import type { Span } from './transcript';

interface Props {
  traceId: string;
  spanId: string;
  assessments: Schemas['AssessmentView'][];
  /** Something that is looked for is in it: all of it is shown, wherever the place is. */
  isWanted: boolean;
  isRunning: boolean;
}

/** Everything about one span; its payloads are asked for when it is shown. */
export function SpanDetail({ traceId, spanId, assessments, isWanted, isRunning }: Props) {
  const [isAsked, setWhole] = useState(false);
  const first = useQuery({ ...spansQuery(traceId, [spanId], { isRunning }), placeholderData: keepPreviousData });
  const isCut = first.data?.spans[0]?.cut !== undefined;
  const all = useQuery({ ...spansQuery(traceId, [spanId], { whole: true, isRunning }), enabled: isCut && (isAsked || isWanted) });
  const { error, refetch } = all.error ? all : first;
  const data = all.data ?? first.data;
  if (error) return <Failed error={error} onRetry={() => void refetch()} />;
  if (!data) return <LoadingRows rows={8} />;
  const [span] = data.spans;
  if (!span) return <Failed error={new Error('There is no such span in this trace.')} />;
  return (
    <div className="flex flex-col gap-3 p-3">
      <Head span={span} />
      {span.cut && (
        <p className="flex items-center gap-2 text-sm text-muted">
          {formatWhole(span.cut.chars)} characters of long texts are not loaded.
          <Button onClick={() => setWhole(true)}>Load all</Button>
        </p>
      )}
      <Body span={span}>
        <Section title="Assessments of this span"><Assessments traceId={traceId} all={assessments} spanId={spanId} /></Section>
      </Body>
    </div>
  );
}

function Head({ span }: { span: Span }) {
  const facts: [string, React.ReactNode][] = [
    ['Duration', <Duration key="d" ms={span.duration_ms} />],
    ['Started', formatAbsolute(span.start)],
    ['Model', span.model],
    ['Provider', span.provider],
    ['Tokens in', span.tokens && <TokenCount key="i" count={span.tokens.input} />],
    ['Tokens out', span.tokens && <TokenCount key="o" count={span.tokens.output} />],
    ['Cost', span.cost ? <SpanCost key="c" cost={span.cost} derivation={span.cost_derivation} /> : span.tokens && <span key="c" className="text-faint" title="Its client did not say it, and no price table knows the model.">unknown</span>],
    ['Cost in', span.cost && <Money key="ci" dollars={span.cost.input} />],
    ['Cost out', span.cost && <Money key="co" dollars={span.cost.output} />],
    ['First token', span.time_to_first_token_ms === null ? null : <Duration key="f" ms={span.time_to_first_token_ms} />],
    ['Stopped', span.finish_reasons.join(', ')],
  ];
  return (
    <header className="flex flex-col gap-2">
      <h2 className="flex items-center gap-2 text-lg font-semibold">
        <SpanTypeIcon type={span.type} />
        <bdi className="min-w-0 truncate">{span.label}</bdi>
        <CopyButton text={span.id} label="Copy span id" />
      </h2>
      <dl className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
        {facts.filter(([, value]) => Boolean(value)).map(([name, value]) => (
          <div key={name} className="flex min-w-0 items-center gap-1"><dt className="shrink-0 text-muted">{name}</dt><dd className="max-w-72 truncate" title={typeof value === 'string' ? value : undefined}>{value}</dd></div>
        ))}
      </dl>
      {span.status.code === 'ERROR' && (
        <div role="note" className="flex items-start gap-2 rounded-md bg-error-soft p-2 text-error">
          <div className="min-w-0 flex-1"><LongText text={span.status.message || 'Error'} /></div>
          {span.status.message && <CopyButton text={span.status.message} label="Copy the error" />}
        </div>
      )}
    </header>
  );
}

function Body({ span, children }: { span: Span; children: React.ReactNode }) {
  const { input, output } = span.messages;
  // The cards say it better.
  const areDocuments = span.documents.length > 0 && typeof span.outputs === 'object' && span.outputs !== null;
  return (
    <>
      {input.length > 0 ? <Section title="Inputs"><Messages messages={input} /></Section> : <Content title="Inputs" value={span.inputs} />}
      {span.documents.length > 0 && (
        <Section title={`Documents (${span.documents.length})`}>
          {span.documents.map((document, at) => (
            <DocumentCard key={at} document={document} number={at + 1} />
          ))}
        </Section>
      )}
      {output.length > 0 ? <Section title="Outputs"><Messages messages={output} /></Section> : areDocuments ? <Folded title="Outputs" value={span.outputs as object} /> : <Content title="Outputs" value={span.outputs} />}
      {span.events.length > 0 && (
        <Section title={`Events (${span.events.length})`}>
          {span.events.map((event, at) => <EventView key={at} event={event} />)}
        </Section>
      )}
      {span.links.length > 0 && (
        <Section title={`Links (${span.links.length})`}>
          {span.links.map((link, at) => <LinkCard key={at} link={link} />)}
        </Section>
      )}
      {children}
      {span.tools.length > 0 && <Folded title={`Tools (${span.tools.length})`} value={span.tools} />}
      {Object.keys(span.parameters).length > 0 && <Folded title="Parameters" value={span.parameters} />}
      <Folded title="Attributes" value={span.attributes} />
      <Folded title="Resource" value={span.resource} />
    </>
  );
}

function DocumentCard({ document: { id, score, content, metadata }, number }: { document: Span['documents'][number]; number: number }) {
  return (
    <article aria-label={`Document ${number}`} className="rounded-md border border-line">
      <header className="flex h-7 items-center gap-2 border-b border-line bg-sunken px-2 text-sm">
        <FileText size={13} className="shrink-0 text-muted" aria-hidden />
        <bdi className="min-w-0 flex-1 truncate font-medium">{id ?? `Document ${number}`}</bdi>
        {score !== null && <span className="text-muted figures">score {score.toFixed(3)}</span>}
        <CopyButton text={content ?? ''} label="Copy document" />
      </header>
      <div className="flex flex-col gap-1 p-2">
        <Prose text={content ?? ''} />
        {metadata !== null && <JsonTree name="metadata" value={metadata} open={false} />}
      </div>
    </article>
  );
}

/** Another span that this one has to do with, mostly of another trace. */
function LinkCard({ link: { trace_id, span_id, attributes } }: { link: Span['links'][number] }) {
  return (
    <div className="rounded-md border border-line px-2 py-1">
      <p className="flex items-center gap-2 text-sm">
        <Link to="/traces/$traceId" params={{ traceId: trace_id }} search={{ span: span_id }} className="min-w-0 truncate font-mono text-xs text-accent hover:underline">{trace_id}</Link>
        <span className="shrink-0 text-muted">span <code className="text-xs">{span_id}</code></span>
      </p>
      {Object.keys(attributes).length > 0 && <JsonTree value={attributes} />}
    </div>
  );
}

function EventView({ event }: { event: Span['events'][number] }) {
  const { 'exception.stacktrace': stack, ...others } = event.attributes;
  return (
    <article className="rounded-md border border-line p-2">
      <p className="flex items-center gap-2 text-sm">
        <bdi className="min-w-0 truncate font-medium">{event.name}</bdi>
        <span className="min-w-0 flex-1 truncate text-muted">{formatAbsolute(event.time)}</span>
        <CopyButton text={() => JSON.stringify(event, null, 2)} label={`Copy event ${event.name}`} />
      </p>
      {Object.keys(others).length > 0 && <JsonTree value={others} />}
      {typeof stack === 'string' && (
        <div className="relative mt-1">
          <pre tabIndex={0} aria-label="Stack trace" className="max-h-96 overflow-auto rounded-sm bg-sunken p-2 text-xs">{stack.slice(0, 50_000)}</pre>
          <span className="absolute top-1 right-1 rounded-md bg-sunken"><CopyButton text={stack} label="Copy stack trace" /></span>
        </div>
      )}
    </article>
  );
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return <section className="flex flex-col gap-2"><h3 className="text-sm font-medium text-muted">{title}</h3>{children}</section>;
}

function Folded({ title, value }: { title: string; value: object }) {
  return (
    <details className="rounded-md border border-line px-2 py-1">
      <summary className="text-sm font-medium">{title}</summary>
      <div className="flex items-start gap-2"><div className="min-w-0 flex-1"><JsonTree value={value} /></div><CopyButton text={JSON.stringify(value, null, 2)} label={`Copy ${title}`} /></div>
    </details>
  );
}
