/** Where a link in captured text may lead: nowhere that runs something. */
export function safeLink(href: string): string | null {
  // Browsers skip white space and control characters within a scheme.
  // eslint-disable-next-line no-control-regex
  const plain = href.replace(/[\u0000-\u0020\u007f-\u009f]/g, '');
  return /^(https?:\/\/|mailto:)/i.test(plain) ? plain : null;
}
