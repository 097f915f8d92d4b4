import { Search, X } from 'lucide-react';
import { useEffect, useState, type RefObject } from 'react';

import { TextField } from '@/components/field';

interface Props {
  text: string;
  onText: (text: string) => void;
  fieldRef: RefObject<HTMLInputElement | null>;
}

/** Words that are looked for in all texts of a trace; asked for when the reader stops typing. */
export function TextSearch({ text, onText, fieldRef }: Props) {
  const [typed, setTyped] = useState(text);
  const [told, setTold] = useState(text);
  // Somebody else changed it: going back, or a link.
  if (text !== told) {
    setTold(text);
    setTyped(text);
  }
  useEffect(() => {
    if (typed === told) return;
    const timer = window.setTimeout(() => {
      setTold(typed);
      onText(typed);
    }, 350);
    return () => window.clearTimeout(timer);
  }, [typed, told, onText]);
  return (
    <div className="relative w-64 shrink-0 max-md:w-40">
      <Search size={13} className="absolute top-[7.5px] left-2 text-faint" aria-hidden />
      <TextField
        ref={fieldRef}
        type="search"
        aria-label="Search all texts"
        placeholder="Search all texts ( / )"
        className="px-7!"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            setTold(typed);
            onText(typed);
          } else if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      {typed !== '' && (
        <button type="button" aria-label="Search nothing" className="absolute top-[7px] right-2 text-faint hover:text-text" onClick={() => setTyped('')}>
          <X size={14} />
        </button>
      )}
    </div>
  );
}
