import { formatCount } from './count';

/** US dollars, with two digits that say something: `$0.0027`, `$0.12`, `$3.40`, `$1.2k`; `–` when unknown. */
export function formatCost(dollars: number | null | undefined): string {
  if (dollars === null || dollars === undefined || !Number.isFinite(dollars)) return '–';
  if (dollars === 0) return '$0';
  if (dollars < 0.000001) return '<$0.000001';
  if (dollars >= 999.995) return `$${formatCount(dollars)}`;
  if (dollars >= 0.995) return `$${dollars.toFixed(2)}`;
  // Zeros after the point, then two digits.
  const digits = Math.min(7, 1 - Math.floor(Math.log10(dollars)));
  return `$${dollars.toFixed(digits)}`;
}

/** Six digits that say something, where others are to be reckoned after: `$0.0000102`, `$10.00`; `–` when unknown. */
export function formatCostPrecisely(dollars: number | null | undefined): string {
  if (dollars === null || dollars === undefined || !Number.isFinite(dollars)) return '–';
  const digits = dollars > 0 ? Math.min(15, Math.max(2, 5 - Math.floor(Math.log10(dollars)))) : 2;
  return `$${dollars.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: digits })}`;
}
