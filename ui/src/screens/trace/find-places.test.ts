// @vitest-environment jsdom
import { beforeEach, expect, test } from 'vitest';

import { findPlaces } from './find-places';

let region: HTMLElement;
beforeEach(() => {
  region = document.createElement('section');
});

/** Elements by name, with texts and further elements in them. */
function put(into: Element, ...content: (string | [name: string, ...content: unknown[]])[]): void {
  for (const part of content) {
    if (typeof part === 'string') into.append(part);
    else {
      const [name, ...inner] = part;
      const element = document.createElement(name);
      into.append(element);
      put(element, ...(inner as typeof content));
    }
  }
}

test('words are found across the elements of a line, but not from one line into the next', () => {
  put(region, ['p', 'The pay', ['strong', 'off am'], 'ount'], ['p', 'and the pay'], ['p', 'off am'], ['li', 'PAYOFF AMOUNT']);
  expect(findPlaces(region, ' payoff am').map(String)).toEqual(['payoff am', 'PAYOFF AM']);
  expect(findPlaces(region, '')).toEqual([]);
});

test('what is folded counts only where nothing else has the words', () => {
  put(region, ['p', 'one'], ['details', ['summary', 'Attributes'], ['div', 'one and two']]);
  expect(findPlaces(region, 'one').map(({ startContainer }) => startContainer.parentElement?.tagName)).toEqual(['P']);
  expect(findPlaces(region, 'two').map(({ startContainer }) => startContainer.parentElement?.tagName)).toEqual(['DIV']);
});

test('letters that grow when they are made small mislead nobody', () => {
  put(region, ['p', 'İstanbul']);
  expect(findPlaces(region, 'stan')).toEqual([]);
});
