import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

import type { Plugin } from 'vite';

/** Below this, a header costs more than is saved. */
const WORTH_BYTES = 1024;

/** Empties the folder of earlier builds, except for its note, and puts compressed twins beside the assets. */
export function precompress(): Plugin {
  let out = '';
  return {
    name: 'fanlight-precompress',
    apply: 'build',
    configResolved(config) {
      out = path.resolve(config.root, config.build.outDir);
    },
    buildStart() {
      for (const name of fs.readdirSync(out)) {
        if (name !== 'README.md') fs.rmSync(path.join(out, name), { recursive: true });
      }
    },
    closeBundle() {
      const assets = path.join(out, 'assets');
      if (!fs.existsSync(assets)) return;
      for (const name of fs.readdirSync(assets)) {
        const file = path.join(assets, name);
        const plain = fs.readFileSync(file);
        if (plain.length < WORTH_BYTES) continue;
        fs.writeFileSync(`${file}.gz`, zlib.gzipSync(plain, { level: 9 }));
        const params = { [zlib.constants.BROTLI_PARAM_QUALITY]: 11, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
        fs.writeFileSync(`${file}.br`, zlib.brotliCompressSync(plain, { params }));
      }
    },
  };
}
