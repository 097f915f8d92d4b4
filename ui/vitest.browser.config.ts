import { defineConfig } from 'vitest/config';

/** Chromium against the real server; see tests/README.md. */
export default defineConfig({
  test: { include: ['tests/**/*.browser.ts'], testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 10_000 } }, fileParallelism: false, bail: 0 },
});
