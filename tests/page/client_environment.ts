/** Node with Svelte's client runtime, so that runes and effects work as in the page. */
import type { Environment } from 'vitest/environments';

const environment: Environment = {
  name: 'svelte-client',
  viteEnvironment: 'client',
  setup: () => ({ teardown: () => undefined }),
};
export default environment;
