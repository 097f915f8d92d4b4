import { setNonce } from 'get-nonce';

import { styleNonce } from './base';

/** Lets the primitives' own style elements (a page that does not scroll below a dialog) pass the page's policy. */
export function setStyleNonce(): void {
  if (styleNonce) setNonce(styleNonce);
}
