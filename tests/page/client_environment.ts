/** Node with the client's half of Svelte: runes and effects work as they do in the page. */
import type { Environment } from 'vitest/environments';

const environment: Environment = {
  name: 'svelte-client',
  viteEnvironment: 'client',
  setup: () => ({ teardown: () => undefined }),
};
export default environment;
