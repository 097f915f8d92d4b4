import { CalendarClock, ZoomOut } from 'lucide-react';
import { useState } from 'react';

import { Button, IconButton } from '@/components/button';
import { Labelled, TextField } from '@/components/field';
import { Popover } from '@/components/popover';
import { formatTick } from '@/format';
import { cx } from '@/lib/cx';

import { ALL_TIME, RANGES, type RangeName, type TimeRange } from './address';

interface Props {
  time: TimeRange;
  onChange: (time: TimeRange) => void;
}

/** Which time is looked at: a length up to now, two instants, or all of it. */
export function TimeRangePicker({ time, onChange }: Props) {
  const [open, setOpen] = useState(false);
  const choose = (next: TimeRange) => {
    onChange(next);
    setOpen(false);
  };
  const isAll = time.last === null && time.from === null;
  return (
    <div className="flex items-center">
      {!isAll && (
        <IconButton label="All time" onClick={() => onChange(ALL_TIME)}>
          <ZoomOut size={15} />
        </IconButton>
      )}
      <Popover
        label="Time range"
        align="end"
        open={open}
        onOpenChange={setOpen}
        trigger={
          <Button className="figures" aria-label={`Time range: ${labelOf(time)}`}>
            <CalendarClock size={14} aria-hidden />
            {labelOf(time)}
          </Button>
        }
      >
        <div className="flex gap-4">
          <div className="flex w-36 flex-col">
            <Choice label="All time" isChosen={isAll} onChoose={() => choose(ALL_TIME)} />
            {(Object.keys(RANGES) as RangeName[]).map((name) => (
              <Choice key={name} label={RANGES[name][0]} isChosen={time.last === name} onChoose={() => choose({ ...ALL_TIME, last: name })} />
            ))}
          </div>
          <Exact time={time} onChoose={choose} />
        </div>
      </Popover>
    </div>
  );
}

function Choice({ label, isChosen, onChoose }: { label: string; isChosen: boolean; onChoose: () => void }) {
  return (
    <button type="button" aria-pressed={isChosen} onClick={onChoose} className={cx('h-7 rounded-md px-2 text-left text-sm hover:bg-hover', isChosen && 'bg-selected text-accent')}>
      {label}
    </button>
  );
}

function Exact({ time, onChoose }: { time: TimeRange; onChoose: (time: TimeRange) => void }) {
  const [from, setFrom] = useState(() => fieldText(time.from ?? Date.now() - 86_400_000));
  const [to, setTo] = useState(() => fieldText(time.to ?? Date.now()));
  const isOrdered = Date.parse(from) < Date.parse(to);
  return (
    <form
      className="flex w-52 flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (isOrdered) onChoose({ last: null, from: Date.parse(from), to: Date.parse(to) });
      }}
    >
      <Labelled label="From">
        <TextField type="datetime-local" step={1} value={from} onChange={(event) => setFrom(event.target.value)} />
      </Labelled>
      <Labelled label="To" error={isOrdered ? null : 'The end has to come after the beginning.'}>
        <TextField type="datetime-local" step={1} value={to} onChange={(event) => setTo(event.target.value)} />
      </Labelled>
      <Button type="submit" look="primary" disabled={!isOrdered} className="justify-center">
        Show
      </Button>
    </form>
  );
}

/** An instant of the reader's clock, as the field wants it. */
function fieldText(instant: number): string {
  const date = new Date(instant);
  return new Date(instant - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function labelOf({ last, from, to }: TimeRange): string {
  if (last !== null) return RANGES[last][0];
  if (from === null || to === null) return 'All time';
  return `${formatTick(from, 2 * 86_400_000)} – ${formatTick(to, to - from < 86_400_000 ? 3_600_000 : 2 * 86_400_000)}`;
}
