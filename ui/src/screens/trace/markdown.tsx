import { lexer, type Token, type Tokens } from 'marked';
import { Fragment, useMemo, type ReactNode } from 'react';

import { safeLink } from './safe-link';


/** Markdown as React nodes; markup within it is text. */
export default function Markdown({ text }: { text: string }) {
  const tokens = useMemo(() => lexer(text, { gfm: true, breaks: true }), [text]);
  return <div className="flex flex-col gap-2 [overflow-wrap:anywhere]">{nodes(tokens)}</div>;
}

function nodes(tokens: Token[] | undefined): ReactNode[] {
  return (tokens ?? []).map((token, at) => <Fragment key={at}>{node(token)}</Fragment>);
}

function node(any: Token): ReactNode {
  const token = any as Tokens.Generic & { tokens?: Token[]; text?: string; raw: string };
  const text = token.text ?? token.raw;
  switch (token.type) {
    case 'space': return null;
    case 'heading': return <p className="font-semibold">{nodes(token.tokens)}</p>;
    case 'paragraph': return <p>{nodes(token.tokens)}</p>;
    case 'strong': return <strong>{nodes(token.tokens)}</strong>;
    case 'em': return <em>{nodes(token.tokens)}</em>;
    case 'del': return <del>{nodes(token.tokens)}</del>;
    case 'codespan': return <code className="rounded-sm bg-hover px-1 text-sm">{text}</code>;
    case 'code': return <pre tabIndex={0} className="overflow-auto rounded-md bg-sunken p-2 text-sm">{text}</pre>;
    case 'blockquote': return <blockquote className="border-l-2 border-line-strong pl-3 text-muted">{nodes(token.tokens)}</blockquote>;
    case 'hr': return <hr className="border-line" />;
    case 'br': return <br />;
    case 'list': return list(any as Tokens.List);
    case 'table': return table(any as Tokens.Table);
    case 'link': {
      const href = safeLink((any as Tokens.Link).href);
      return href ? <a href={href} target="_blank" rel="noreferrer" className="text-accent underline">{nodes(token.tokens)}</a> : token.raw;
    }
    // Nothing is fetched because a text says so.
    case 'image': return token.raw;
    case 'text': return token.tokens ? nodes(token.tokens) : text;
    case 'escape': return text;
    default: return token.raw;
  }
}

function list(token: Tokens.List): ReactNode {
  const items = token.items.map((item, at) => <li key={at}>{nodes(item.tokens)}</li>);
  return token.ordered ? <ol start={Number(token.start) || 1} className="list-decimal pl-5">{items}</ol> : <ul className="list-disc pl-5">{items}</ul>;
}

function table(token: Tokens.Table): ReactNode {
  return (
    <div tabIndex={0} className="overflow-auto">
      <table className="text-sm">
        <thead><tr>{token.header.map((cell, at) => <th key={at} className="border border-line px-2 py-1 text-left">{nodes(cell.tokens)}</th>)}</tr></thead>
        <tbody>{token.rows.map((row, at) => <tr key={at}>{row.map((cell, place) => <td key={place} className="border border-line px-2 py-1">{nodes(cell.tokens)}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}
