import path from 'node:path';

import tailwind from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

import { precompress } from './build/precompress';

const server = process.env.FANLIGHT_URL ?? 'http://127.0.0.1:5000';

export default defineConfig({
  // The page says at run time where it lies (`<base>`), so nothing in it may be absolute.
  base: './',
  plugins: [react(), tailwind(), precompress()],
  resolve: { alias: { '@': path.resolve(import.meta.dirname, 'src') } },
  build: { outDir: 'dist', emptyOutDir: false, target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { '/api': { target: server }, '/ajax-api': { target: server } } },
  test: { include: ['src/**/*.test.{ts,tsx}'] },
});
