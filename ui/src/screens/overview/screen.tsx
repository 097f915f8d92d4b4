/** An experiment in figures. Everything leads to the traces behind it. */

import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import type { Schemas } from '@/api/client';
import { FigureTile } from '@/components/figure-tile';
import { Empty, Failed } from '@/components/states';
import { SpanTypeIcon } from '@/components/span-type';
import { formatCost, formatCount, formatDuration, formatShare, formatTokens, formatWhole } from '@/format';
import { cx } from '@/lib/cx';
import type { Search } from '@/routes';
import { isFilterError, ScopeBar } from '@/screens/scope/scope-bar';
import { useScope, writeScope } from '@/screens/scope/use-scope';
import { ALL_TIME, type Scope } from '@/screens/traces/address';
import { and, equals } from '@/screens/traces/filter-text';
import { TimeRangePicker } from '@/screens/traces/time-range';
import { TopBar } from '@/shell/top-bar';

import { bottleneck, bucketsOf, within, type Bounds, type Bucket } from './buckets';
import { Chart, Panel } from './chart';
import { Heatmap } from './heatmap';
import { overviewQuery } from './query';

type Group = Schemas['StatsGroup'];
type LinkOf = (condition: string, time?: Bounds) => Search;

export function OverviewScreen() {
  const { experimentId } = useParams({ from: '/experiments/$experimentId/overview' });
  const [scope, changeScope] = useScope();
  const { data, error, refetch, isPlaceholderData } = useQuery(overviewQuery(experimentId, scope));
  const linkOf: LinkOf = (condition, time) =>
    writeScope({ ...scope, filter: and(scope.filter, condition), ...(time ? { time: { last: null, from: Math.floor(time.from), to: Math.ceil(time.to) } } : {}) });
  return (
    <>
      <TopBar experimentId={experimentId} crumbs={[{ label: 'Overview' }]}>
        <TimeRangePicker time={scope.time} onChange={(time) => changeScope({ time })} />
      </TopBar>
      <ScopeBar experimentId={experimentId} scope={scope} onScope={changeScope} error={error} />
      <div className={cx('min-h-0 flex-1 overflow-auto', isPlaceholderData && 'opacity-60')} role="region" aria-label="Figures" tabIndex={0}>
        {data ? (
          data.total && data.total.count > 0 ? (
            <Figures experimentId={experimentId} data={data} total={data.total} linkOf={linkOf} />
          ) : (
            <Nothing scope={scope} onAll={() => changeScope({ filter: '', text: '', time: ALL_TIME })} />
          )
        ) : isFilterError(error) ? (
          <Empty title="The filter cannot be read" />
        ) : error ? (
          <Failed error={error} onRetry={() => void refetch()} />
        ) : (
          <LoadingFigures />
        )}
      </div>
    </>
  );
}

function Nothing({ scope, onAll }: { scope: Scope; onAll: () => void }) {
  if (Object.values(writeScope(scope)).every((value) => value === '')) {
    return (
      <Empty title="No traces yet">
        Figures appear with the first trace.{' '}
        <Link to="/help" className="text-accent underline underline-offset-2">
          How to send one
        </Link>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing matches">
      <button type="button" className="text-accent underline" onClick={onAll}>
        Show everything
      </button>
    </Empty>
  );
}

/** As large as what comes, so that nothing jumps. */
function LoadingFigures() {
  return (
    <div role="status" aria-label="Loading">
      <div className="flex h-[49px] items-center gap-10 border-b border-line px-4">
        {Array.from({ length: 8 }, (_, at) => <span key={at} className="h-6 w-12 animate-pulse rounded-sm bg-line" />)}
      </div>
      <div className="grid grid-cols-3 gap-3 p-3 max-lg:grid-cols-2">
        {Array.from({ length: 6 }, (_, at) => <div key={at} className="h-[209px] animate-pulse rounded-lg border border-line bg-surface" />)}
      </div>
    </div>
  );
}

interface FiguresProps {
  experimentId: string;
  data: {
    asked: Bounds | null;
    count: Schemas['CountView'];
    time: Schemas['StatsTable'] | undefined;
    spans: Group[];
    models: Group[];
    heatmap: Schemas['HeatmapView'] | null;
  };
  total: Group;
  linkOf: LinkOf;
}

function Figures({ experimentId, data, total, linkOf }: FiguresProps) {
  const { asked, count, spans, models, heatmap } = data;
  const buckets = bucketsOf(data.time, asked);
  const chart = { experimentId, buckets };
  const inBucket = (condition: string) => (bucket: Bucket) => linkOf(condition, within(bucket, asked));
  return (
    <>
      <Tiles experimentId={experimentId} total={total} linkOf={linkOf} />
      {!count.exact && <p className="px-4 py-1 text-sm text-warn">Not everything could be looked at in time: figures are of {formatWhole(count.at_least)} traces that match for certain.</p>}
      <div className="grid grid-cols-3 gap-3 p-3 max-lg:grid-cols-2">
        <Chart {...chart} title="Traces" format={formatCount} linkOf={inBucket('')} layers={[
          { label: 'all', color: 'var(--color-bar)', value: (group) => group.count },
          { label: 'failed', color: 'var(--color-error)', value: (group) => group.errors },
        ]} />
        <Chart {...chart} title="Error rate" format={formatShare} least={0.1} linkOf={inBucket("status = 'ERROR'")} layers={[{ label: 'failed', color: 'var(--color-error)', value: (group) => group.errors / group.count }]} />
        <Chart {...chart} title="Latency" format={formatDuration} linkOf={inBucket('')} layers={[
          { label: 'p99', color: 'var(--color-accent-soft)', value: (group) => group.duration?.p99_ms },
          { label: 'p95', color: 'var(--color-bar)', value: (group) => group.duration?.p95_ms },
          { label: 'p50', color: 'var(--color-accent)', value: (group) => group.duration?.p50_ms },
        ]} />
        <Chart {...chart} title="Tokens" format={formatTokens} linkOf={inBucket('')} layers={[
          { label: 'all', color: 'var(--color-bar)', value: (group) => group.tokens?.total },
          { label: 'output', color: 'var(--color-accent)', value: (group) => group.tokens?.output },
        ]} />
        <Chart {...chart} title="Cost" format={formatCost} linkOf={inBucket('')} layers={[{ label: 'cost', color: 'var(--color-bar)', value: (group) => group.cost }]} />
        {heatmap && heatmap.cells.length > 0 && (
          <Heatmap
            experimentId={experimentId}
            heatmap={heatmap}
            linkOf={({ start, end, least, below }) => linkOf(and(`execution_time_ms >= ${least}`, below === null ? '' : `execution_time_ms < ${below}`), within({ start, end }, asked))}
          />
        )}
      </div>
      <div className="grid grid-cols-2 items-start gap-3 px-3 pb-4 max-lg:grid-cols-1">
        <Spans experimentId={experimentId} title="Spans" groups={spans} total={total} linkOf={linkOf} />
        <div className="flex min-w-0 flex-col gap-3">
          <Models experimentId={experimentId} groups={models.filter(({ values }) => values['span.model'])} linkOf={linkOf} />
          <Spans experimentId={experimentId} title="Tools" groups={spans.filter(({ values }) => values['span.type'] === 'TOOL')} total={total} linkOf={linkOf} />
        </div>
      </div>
    </>
  );
}

function Behind({ experimentId, search, children, className }: { experimentId: string; search: Search; children: ReactNode; className?: string }) {
  return (
    <Link to="/experiments/$experimentId/traces" params={{ experimentId }} search={search} className={cx('underline-offset-2 hover:text-accent hover:underline', className)}>
      {children}
    </Link>
  );
}

function Tiles({ experimentId, total, linkOf }: { experimentId: string; total: Group; linkOf: LinkOf }) {
  const { duration, tokens, cost, count, errors } = total;
  const slow = (ms: number | null | undefined) => (ms ? `execution_time_ms >= ${Math.floor(ms)}` : '');
  const tiles: [string, string, string][] = [
    ['Traces', formatWhole(count), ''],
    ['Error rate', formatShare(errors / count), "status = 'ERROR'"],
    ['Latency p50', formatDuration(duration?.p50_ms), slow(duration?.p50_ms)],
    ['Latency p95', formatDuration(duration?.p95_ms), slow(duration?.p95_ms)],
    ['Latency p99', formatDuration(duration?.p99_ms), slow(duration?.p99_ms)],
    ['Tokens', formatTokens(tokens?.total), ''],
    ['Tokens per trace', formatTokens(each(tokens?.total, count)), ''],
    ['Cost', formatCost(cost), ''],
    ['Cost per trace', formatCost(each(cost, count)), ''],
  ];
  return (
    <dl className="flex flex-wrap border-b border-line px-1">
      {tiles.map(([label, figure, condition]) => (
        <FigureTile key={label} label={label}>
          <Behind experimentId={experimentId} search={linkOf(condition)}>
            {figure}
          </Behind>
        </FigureTile>
      ))}
    </dl>
  );
}

function each(sum: number | null | undefined, count: number): number | null {
  return sum === null || sum === undefined ? null : sum / count;
}

interface TableProps {
  experimentId: string;
  groups: Group[];
  linkOf: LinkOf;
}

function Spans({ experimentId, title, groups, total, linkOf }: TableProps & { title: string; total: Group }) {
  const slowest = title === 'Spans' ? bottleneck(groups) : null;
  const all = total.duration?.sum_ms ?? 0;
  const sorted = [...groups].sort((left, right) => (right.duration?.sum_ms ?? 0) - (left.duration?.sum_ms ?? 0));
  return (
    <Table title={title} heads={['Name', 'p95', 'Of all time', 'Calls', 'Errors']}>
      {sorted.map((group) => {
        const { values, duration, count, errors } = group;
        const name = values['span.name'] ?? '';
        const behind = (text: string) => <Behind experimentId={experimentId} search={linkOf(equals('span.name', name))}>{text}</Behind>;
        return (
          <tr key={`${name} ${values['span.type']}`} className="h-row border-t border-line/60 hover:bg-hover">
            <td className="max-w-0 truncate">
              <span className="inline-flex max-w-full items-center gap-1.5 align-middle">
                <SpanTypeIcon type={values['span.type']} />
                <Behind experimentId={experimentId} search={linkOf(equals('span.name', name))} className="truncate">{name}</Behind>
                {group === slowest && <span className="rounded-sm bg-error-soft px-1 text-xs text-error">bottleneck</span>}
              </span>
            </td>
            <td className="pl-4 text-right whitespace-nowrap">{behind(formatDuration(duration?.p95_ms))}</td>
            <td className="pl-4 text-right whitespace-nowrap">{behind(formatShare(all > 0 ? (duration?.sum_ms ?? 0) / all : null))}</td>
            <td className="pl-4 text-right whitespace-nowrap">{behind(formatWhole(count))}</td>
            <td className="pl-4 text-right whitespace-nowrap"><Errors errors={errors} experimentId={experimentId} search={linkOf(and(equals('span.name', name), "span.status = 'ERROR'"))} /></td>
          </tr>
        );
      })}
    </Table>
  );
}

function Models({ experimentId, groups, linkOf }: TableProps) {
  const calls = groups.reduce((sum, { count }) => sum + count, 0);
  return (
    <Table title="Models" heads={['Model', 'Calls', 'Share', 'Tokens', 'Cost', 'p95']}>
      {groups.map(({ values, count, tokens, cost, duration }) => {
        const model = values['span.model'] ?? '';
        const behind = (text: string) => <Behind experimentId={experimentId} search={linkOf(equals('span.model', model))}>{text}</Behind>;
        return (
          <tr key={model} className="h-row border-t border-line/60 hover:bg-hover">
            <td className="max-w-0 truncate" title={model}>{behind(model)}</td>
            {[formatWhole(count), formatShare(count / calls), formatTokens(tokens?.total), formatCost(cost), formatDuration(duration?.p95_ms)].map((figure, place) => (
              <td key={place} className="pl-4 text-right whitespace-nowrap">{behind(figure)}</td>
            ))}
          </tr>
        );
      })}
    </Table>
  );
}

function Errors({ errors, experimentId, search }: { errors: number; experimentId: string; search: Search }) {
  if (errors === 0) return <span className="text-faint">0</span>;
  return <Behind experimentId={experimentId} search={search} className="text-error">{formatWhole(errors)}</Behind>;
}

function Table({ title, heads, children }: { title: string; heads: string[]; children: ReactNode[] }) {
  return (
    <Panel title={title}>
      {children.length === 0 ? (
        <p className="text-sm text-muted">None</p>
      ) : (
        <table className="w-full text-sm figures">
          <thead>
            <tr className="text-xs text-muted">
              {heads.map((head, place) => (
                <th key={head} scope="col" className={cx('font-normal', place === 0 ? 'w-full text-left' : 'pl-4 text-right whitespace-nowrap')}>{head}</th>
              ))}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      )}
    </Panel>
  );
}
