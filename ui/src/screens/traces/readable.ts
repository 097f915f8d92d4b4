/** Members that hold what was said, where a preview is an object around it. */
const SAID = 'message|question|query|input|prompt|text|content|request|response|answer|output|result';

const OBJECT = new RegExp(`^\\{\\s*"(?:${SAID})"\\s*:\\s*"((?:[^"\\\\]|\\\\.)*)`, 's');

/** What a person reads of a preview: the text in JSON, even where the preview was cut off, on one line. */
export function readable(preview: string): string {
  const inside = preview.startsWith('"') ? /^"((?:[^"\\]|\\.)*)/s.exec(preview) : OBJECT.exec(preview);
  const text = inside?.[1] === undefined ? preview : unescaped(inside[1]);
  return text.replace(/\s+/g, ' ').trim() || preview;
}

function unescaped(text: string): string {
  // The cut may have gone through an escape.
  const whole = text.replace(/\\(?:u[0-9a-f]{0,3})?$/i, '');
  try {
    return JSON.parse(`"${whole.replace(/[\n\r\t]/g, ' ')}"`) as string;
  } catch {
    return whole;
  }
}
