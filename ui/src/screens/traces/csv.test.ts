import { expect, test } from 'vitest';

import { csvLine, csvOf, lines, wholeLines } from './csv';

async function through(pieces: string[], step: TransformStream<string, string>): Promise<string> {
  const found: string[] = [];
  const stream = new ReadableStream<string>({
    start: (out) => {
      pieces.forEach((piece) => out.enqueue(piece));
      out.close();
    },
  });
  await stream.pipeThrough(lines()).pipeThrough(step).pipeTo(new WritableStream({ write: (text) => void found.push(text) }));
  return found.join('');
}

test('a stream is a table only when it came to its end, in whatever pieces', async () => {
  const pieces = ['{"export":{"columns":[{"name":"id","type":"text"},', '{"name":"n","type":"integer"}]}}\n["tr', '-1",2]\n', '{"export":{"cursor":"x"}}\n["tr-2",null]\n'];
  const end = '{"export":{"complete":true}}';
  await expect(through(pieces, csvOf(true))).rejects.toThrow('cut off');
  expect(await through([...pieces, end], csvOf(true))).toBe('id,n\r\ntr-1,2\r\ntr-2,\r\n');
  expect(await through([...pieces, end], csvOf(false))).toBe('tr-1,2\r\ntr-2,\r\n');
});

test('traces are lines without what is said about the stream', async () => {
  const pieces = ['{"resourceSpans":[]}\n{"export":{"cursor":"x"}}\n', '{"resourceSpans":[1]}\n'];
  await expect(through(pieces, wholeLines())).rejects.toThrow('cut off');
  expect(await through([...pieces, '{"export":{"complete":true,"traces":2}}\n'], wholeLines())).toBe('{"resourceSpans":[]}\n{"resourceSpans":[1]}\n');
});

test('cells keep to themselves and are no formulas', () => {
  expect(csvLine(['a,b', 'say "x"', null, -1, '=HYPERLINK("http://evil")'])).toBe('"a,b","say ""x""",,-1,"\'=HYPERLINK(""http://evil"")"\r\n');
});
