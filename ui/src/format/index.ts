/** One function per quantity; every screen uses these and no other. */
export { formatCost, formatCostPrecisely } from './cost';
export { formatBytes, formatCount, formatShare, formatTokens, formatWhole } from './count';
export { formatDuration } from './duration';
export { formatAbsolute, formatRelative, formatTick } from './time';
