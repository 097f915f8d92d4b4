/** Where this server lies on its host: `/`, or such as `/fanlight/`. The server says it in the page. */
export const basePath = document.querySelector('base')?.getAttribute('href') ?? '/';

/** The word without which the page's policy refuses style sheets made by scripts. */
export const styleNonce = document.querySelector('meta[name="csp-nonce"]')?.getAttribute('content') ?? undefined;

/** An address below the server, absolute. */
export function serverUrl(path: string): string {
  return new URL(path.replace(/^\//, ''), new URL(basePath, window.location.origin)).href;
}
