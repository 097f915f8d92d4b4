import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';

import { copy } from '@/lib/clipboard';

import { IconButton } from './button';
import { messageOf } from './states';
import { notify } from './toast';

/** Puts a text on the clipboard, and says so. What is large is made when it is asked for. */
export function CopyButton({ text, label = 'Copy' }: { text: string | (() => string); label?: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = window.setTimeout(() => setDone(false), 1500);
    return () => window.clearTimeout(timer);
  }, [done]);
  return (
    <IconButton
      label={done ? 'Copied' : label}
      className="size-6"
      onClick={(event) => {
        event.stopPropagation();
        copy(typeof text === 'string' ? text : text()).then(() => setDone(true), (error: unknown) => notify({ text: messageOf(error), isError: true }));
      }}
    >
      {done ? <Check size={13} className="text-ok" /> : <Copy size={13} />}
    </IconButton>
  );
}
