/** Where things lie on disk: the repository, the cache that outlives a run, and the artifacts of a run. */

import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../..');

/** Downloads shared by all runs (virtual environments, the web UI's build, npm stamps). */
export const cache = process.env.FANLIGHT_TEST_CACHE ?? path.join(repository, 'target/test-cache');

/** Screenshots and server logs of the latest run. */
export const artifacts = path.join(repository, 'target/test-artifacts');

export const binary = process.env.FANLIGHT_BIN ?? path.join(repository, 'target/debug/fanlight');
