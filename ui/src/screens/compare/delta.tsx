/** How much more or less the second has. */
export function Delta({ a, b, format }: { a: number | null | undefined; b: number | null | undefined; format: (value: number) => string }) {
  if (a === null || a === undefined || b === null || b === undefined || a === b) return null;
  return <span className="ml-1 text-xs text-muted">({b > a ? '+' : '−'}{format(Math.abs(b - a))})</span>;
}
