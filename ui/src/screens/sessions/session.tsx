/** One session: each turn as it was said, with what it took. */

import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Bot, User } from 'lucide-react';
import { useMemo, useState, type ReactNode } from 'react';

import type { Schemas } from '@/api/client';
import { CopyButton } from '@/components/copy';
import { FigureTile } from '@/components/figure-tile';
import { More } from '@/components/more';
import { Ago, Duration, Money, TokenCount } from '@/components/quantity';
import { Failed, LoadingRows, messageOf, NotFound } from '@/components/states';
import { TraceState } from '@/components/trace-state';
import { formatWhole } from '@/format';
import { LongText } from '@/screens/trace/content';
import { TopBar } from '@/shell/top-bar';

import { sumsQuery, textsQuery, turnsQuery } from './query';
import { said } from './said';
import { sumsOf, type Sums } from './sums';
import { isCut, wholeText } from './whole-text';

type Turn = Schemas['TraceRow'];

export function SessionScreen() {
  const { experimentId, sessionId } = useParams({ from: '/experiments/$experimentId/sessions/$sessionId' });
  const { data, error, hasNextPage, isFetching, fetchNextPage, refetch } = useInfiniteQuery(turnsQuery(experimentId, sessionId));
  const turns = useMemo(() => data?.pages.flatMap((page) => page.traces).filter(({ session }) => session === sessionId) ?? [], [data, sessionId]);
  // Most sessions are one page, which knows its sums.
  const whole = useQuery({ ...sumsQuery(experimentId, sessionId), enabled: hasNextPage });
  const sums = hasNextPage && whole.data ? fromServer(whole.data) : sumsOf(turns);
  const back = (
    <Link to="/experiments/$experimentId/sessions" params={{ experimentId }} className="hover:text-text">
      Sessions
    </Link>
  );
  return (
    <>
      <TopBar experimentId={experimentId} crumbs={[{ label: 'Sessions', to: back }, { label: sessionId }]}>
        <CopyButton text={sessionId} label="Copy the session's id" />
      </TopBar>
      <div className="min-h-0 flex-1 overflow-auto" role="region" aria-label="Conversation" tabIndex={0} data-scrolls>
        {data ? (
          turns.length > 0 ? (
            <>
              <Header turns={turns} sums={sums} />
              <ol className="mx-auto max-w-5xl px-4 py-3">
                {turns.map((turn, place) => (
                  <TurnView key={turn.id} turn={turn} number={place + 1} experimentId={experimentId} />
                ))}
              </ol>
              {error ? (
                <Failed error={error} onRetry={() => void fetchNextPage()} />
              ) : (
                hasNextPage && <More label="Show more turns" isLoading={isFetching} onMore={() => void fetchNextPage()} />
              )}
            </>
          ) : (
            <NotFound title="There is no such session" back={<Link to="/experiments/$experimentId/sessions" params={{ experimentId }} className="text-accent underline underline-offset-2">All sessions</Link>}>
              No trace of this experiment belongs to <code>{sessionId}</code>.
            </NotFound>
          )
        ) : error ? (
          <Failed error={error} onRetry={() => void refetch()} />
        ) : (
          <LoadingRows rows={20} />
        )}
      </div>
    </>
  );
}

function fromServer({ traces, errors, duration_ms, tokens, cost }: Schemas['SessionView']): Sums {
  return { turns: traces, errors, durationMs: duration_ms, tokens: tokens.total, cost };
}

function Header({ turns, sums }: { turns: Turn[]; sums: Sums }) {
  const names = (of: (turn: Turn) => string | null) => [...new Set(turns.map(of).filter((name) => name !== null))].join(', ') || '–';
  return (
    <dl className="flex flex-wrap border-b border-line px-1">
      <FigureTile label="Turns">{formatWhole(sums.turns)}</FigureTile>
      <FigureTile label="Errors">
        <span className={sums.errors > 0 ? 'text-error' : undefined}>{formatWhole(sums.errors)}</span>
      </FigureTile>
      <FigureTile label="Duration"><Duration ms={sums.durationMs} /></FigureTile>
      <FigureTile label="Tokens"><TokenCount count={sums.tokens} /></FigureTile>
      <FigureTile label="Cost"><Money dollars={sums.cost} /></FigureTile>
      <FigureTile label="Started"><Ago at={turns[0]?.start} /></FigureTile>
      <FigureTile label="User">{names(({ user }) => user)}</FigureTile>
      <FigureTile label="Agent">{names(({ name }) => name)}</FigureTile>
    </dl>
  );
}

function TurnView({ turn, number, experimentId }: { turn: Turn; number: number; experimentId: string }) {
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_210px] gap-x-5 border-b border-line py-3 last:border-0 max-md:grid-cols-1" aria-label={`Turn ${number}`}>
      <div className="flex min-w-0 flex-col gap-2">
        <Said by="User" icon={<User size={14} aria-hidden />} turn={turn} side="input" />
        <Said by="Assistant" icon={<Bot size={14} aria-hidden />} turn={turn} side="output" />
      </div>
      <div className="flex flex-col items-start gap-1 text-sm text-muted max-md:mt-2 max-md:flex-row max-md:flex-wrap max-md:gap-x-3">
        <span className="flex items-center gap-2">
          <span className="text-faint figures">#{number}</span>
          <TraceState state={turn.state} />
        </span>
        <span>
          <Duration ms={turn.duration_ms} /> · <TokenCount count={turn.tokens?.total} /> tokens · <Money dollars={turn.cost?.total} />
        </span>
        <Ago at={turn.start} />
        <Link
          to="/experiments/$experimentId/traces/$traceId"
          params={{ experimentId, traceId: turn.id }}
          className="text-accent underline-offset-2 hover:underline"
        >
          View full trace<span className="sr-only"> of turn {number}</span>
        </Link>
      </div>
    </li>
  );
}

function Said({ by, icon, turn, side }: { by: string; icon: ReactNode; turn: Turn; side: 'input' | 'output' }) {
  const preview = side === 'input' ? turn.request_preview : turn.response_preview;
  const [isWhole, setWhole] = useState(false);
  const { data, error } = useQuery({ ...textsQuery(turn.id), enabled: isWhole });
  // The other side may have asked already.
  const whole = isWhole && data && preview !== null ? wholeText(preview, side, data.spans) : null;
  return (
    <div className="flex gap-2">
      <span className="mt-0.5 shrink-0 text-muted">{icon}</span>
      <span className="sr-only">{by}: </span>
      <div className={`min-w-0 rounded-lg px-2.5 py-1.5 ${side === 'output' ? 'bg-surface' : 'bg-sunken'}`}>
        {whole === null ? (
          <p className="whitespace-pre-wrap [overflow-wrap:anywhere]" dir="auto">
            {preview ? said(preview) : <span className="text-faint">nothing</span>}
          </p>
        ) : (
          <LongText text={whole} />
        )}
        {isCut(preview) && whole === null && (
          <button type="button" disabled={isWhole && !error} className="mt-1 text-sm text-accent hover:underline disabled:text-muted disabled:no-underline" onClick={() => setWhole(true)}>
            {!isWhole ? 'Show all of it' : error ? messageOf(error) : data ? 'The rest is in the full trace.' : 'Loading…'}
          </button>
        )}
      </div>
    </div>
  );
}
