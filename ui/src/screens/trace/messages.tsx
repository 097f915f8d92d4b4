/** Messages as a chat. */

import { CopyButton } from '@/components/copy';

import { JsonTree, Prose } from './content';
import type { Message } from './transcript';

type Part = Record<string, unknown>;

const ROLES: Record<string, string> = { system: 'text-muted', developer: 'text-muted', user: 'text-accent', assistant: 'text-text', tool: 'text-warn' };

export function Messages({ messages }: { messages: Message[] }) {
  return <div className="flex flex-col gap-2">{messages.map((message, at) => <MessageCard key={at} message={message} />)}</div>;
}

export function MessageCard({ message }: { message: Message }) {
  return (
    <article className="rounded-md border border-line">
      <header className={`flex h-7 items-center gap-2 border-b border-line bg-sunken px-2 text-sm font-medium ${ROLES[message.role] ?? ''}`}>
        <span className="flex-1">{message.role}{message.name ? ` · ${message.name}` : ''}</span>
        <CopyButton text={plainText(message)} label="Copy message" />
      </header>
      <div className="flex flex-col gap-2 p-2">{message.parts.map((part, at) => <PartView key={at} part={isPart(part) ? part : { content: part }} />)}</div>
    </article>
  );
}

function PartView({ part }: { part: Part }) {
  const content = textOf(part.content);
  switch (part.type) {
    case 'text': return <Prose text={content} />;
    case 'reasoning': return <details className="text-muted"><summary>Thinking</summary><Prose text={content} /></details>;
    case 'tool_call': return <div><p className="text-sm font-medium text-warn">Calls {textOf(part.name)}</p><JsonTree value={part.arguments} /></div>;
    case 'tool_call_response': return <div><p className={`text-sm ${part.is_error === true ? 'text-error' : 'text-muted'}`}>Result {textOf(part.name)}</p>{typeof part.response === 'string' ? <Prose text={part.response} /> : <JsonTree value={part.response} />}</div>;
    case 'blob': return <Blob part={part} content={content} />;
    default: return <JsonTree value={part} />;
  }
}

function Blob({ part, content }: { part: Part; content: string }) {
  const type = textOf(part.mime_type);
  // Pictures that can run nothing.
  if (/^image\/(png|jpeg|gif|webp|avif)$/.test(type)) return <img alt="In this message" src={`data:${type};base64,${content}`} className="max-h-96 max-w-full self-start rounded-md border border-line" />;
  if (/^audio\/[\w.+-]+$/.test(type)) return <audio controls src={`data:${type};base64,${content}`} />;
  return <p className="text-muted">{type || 'Data'} of {content.length} characters</p>;
}

export function plainText(message: Message): string {
  return message.parts.map((part) => (isPart(part) && typeof part.content === 'string' ? part.content : JSON.stringify(part, null, 2))).join('\n');
}

function isPart(part: unknown): part is Part {
  return typeof part === 'object' && part !== null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);
}
