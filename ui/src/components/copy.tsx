import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';

import { IconButton } from './button';

/** Puts a text on the clipboard, and says so. */
export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
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
        void navigator.clipboard.writeText(text).then(() => setDone(true));
      }}
    >
      {done ? <Check size={13} className="text-ok" /> : <Copy size={13} />}
    </IconButton>
  );
}
