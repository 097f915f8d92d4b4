import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';

import { Button } from '@/components/button';
import { Empty, Failed, LoadingRows } from '@/components/states';

import { MessageCard } from './messages';
import { spansQuery } from './queries';
import { mergeConversation } from './transcript';
import type { Tree } from './tree';

const CALLS = 50;

/** The agent as a conversation. */
export function Conversation({ traceId, tree, onSelect }: { traceId: string; tree: Tree; onSelect: (id: string) => void }) {
  const [most, setMost] = useState(CALLS);
  const calls = useMemo(
    () => [...tree.byId.values()].filter(({ span }) => span.type !== null && /^(LLM|CHAT_MODEL|AGENT)$/i.test(span.type)).sort((a, b) => a.span.offset_ms - b.span.offset_ms),
    [tree],
  );
  const ids = calls.slice(0, Math.min(most, 100)).map((node) => node.span.id);
  const { data, error } = useQuery(spansQuery(traceId, ids));
  const said = useMemo(() => mergeConversation(data?.spans ?? []), [data]);
  if (calls.length === 0) return <Empty title="No conversation">No model was called in this trace.</Empty>;
  if (error) return <Failed error={error} />;
  if (!data) return <LoadingRows />;
  if (said.length === 0) return <Empty title="No conversation">The calls of this trace have no messages.</Empty>;
  return (
    <div className="mx-auto flex w-full max-w-3xl flex-col gap-2 p-3">
      {said.map(({ span, message }, at) => (
        <div key={at} className={message.role === 'user' ? 'ml-12' : 'mr-12'}>
          <MessageCard message={message} />
          <button type="button" className="text-xs text-faint hover:underline" onClick={() => onSelect(span)}>{tree.byId.get(span)?.span.label ?? 'Span'}</button>
        </div>
      ))}
      {calls.length > most && most < 100 && <Button onClick={() => setMost(100)}>Show more ({calls.length - most} calls)</Button>}
      {calls.length > 100 && most >= 100 && <p className="text-muted">The first 100 of {calls.length} calls.</p>}
    </div>
  );
}
