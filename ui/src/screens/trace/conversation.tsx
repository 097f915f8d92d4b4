import { useMemo, useState } from 'react';

import { More } from '@/components/more';
import { Empty, Failed, LoadingRows } from '@/components/states';
import { formatWhole } from '@/format';
import { lots } from '@/lib/lots';

import { MessageCard } from './messages';
import { AT_ONCE } from './queries';
import { mergeConversation } from './transcript';
import { nameIn, type Tree } from './tree';
import { useSpans } from './use-spans';

const IS_CALL = /^(LLM|CHAT_MODEL|AGENT)$/i;

/** The agent as a conversation; it goes on as one reads. */
export function Conversation({ traceId, tree, onSelect }: { traceId: string; tree: Tree; onSelect: (id: string) => void }) {
  const calls = useMemo(() => [...tree.byId.values()].map(({ span }) => span).filter(({ type }) => type !== null && IS_CALL.test(type)).sort((a, b) => a.offset_ms - b.offset_ms), [tree]);
  const [most, setMost] = useState(AT_ONCE);
  const { spans, isLoading, error, retry } = useSpans(traceId, useMemo(() => lots(calls.slice(0, most), AT_ONCE), [calls, most]));
  const said = useMemo(() => {
    const byId = new Map(spans.map((span) => [span.id, span]));
    const loaded = calls.flatMap((row) => {
      const messages = byId.get(row.id)?.messages;
      return messages ? [{ row, messages }] : [];
    });
    return mergeConversation(loaded, calls[most]?.offset_ms);
  }, [calls, most, spans]);
  const left = calls.length - most;
  if (calls.length === 0) return <Empty title="No conversation">No model was called in this trace.</Empty>;
  if (said.length === 0 && isLoading) return <LoadingRows />;
  if (said.length === 0 && left <= 0 && !error) return <Empty title="No conversation">The calls of this trace have no messages.</Empty>;
  return (
    <div className="mx-auto flex w-full max-w-3xl flex-col gap-2 p-3">
      <ol aria-label="Conversation" className="contents">
        {said.map(({ span, message }, at) => (
          <li key={at} className={`[contain-intrinsic-size:auto_120px] [content-visibility:auto] ${message.role === 'user' ? 'ml-12' : 'mr-12'}`}>
            <MessageCard message={message} />
            <button type="button" className="block max-w-full truncate text-xs text-faint hover:underline" onClick={() => onSelect(span)}>{nameIn(tree, span)}</button>
          </li>
        ))}
      </ol>
      {error ? <Failed error={error} onRetry={retry} /> : left > 0 && <More label={`${formatWhole(left)} more calls`} isLoading={isLoading} onMore={() => setMost(most + AT_ONCE)} />}
    </div>
  );
}
