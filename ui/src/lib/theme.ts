/** Light, dark, or what the reader's system says; remembered in the browser. */

import { useSyncExternalStore } from 'react';

import { remember, remembered } from './remembered';

export type Theme = 'light' | 'dark' | 'system';

const KEY = 'fanlight.theme';
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

export function theme(): Theme {
  const kept = remembered(KEY);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

export function setTheme(next: Theme): void {
  remember(KEY, next);
  applyTheme();
}

export function applyTheme(): void {
  const chosen = theme();
  const shown = chosen === 'system' ? (dark.matches ? 'dark' : 'light') : chosen;
  document.documentElement.dataset.theme = shown;
  document.documentElement.style.colorScheme = shown;
  listeners.forEach((listener) => listener());
}

dark.addEventListener('change', applyTheme);

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, theme);
}
