/** The contract of tests/unit/models/store_contract.ts over the double; tests/e2e/flows/opfs.test.ts runs it in browsers. */
import { expect, test } from 'vitest';
import { folderDouble } from './opfs_double.ts';
import { CONTRACT } from './store_contract.ts';

test.each(CONTRACT)('$name', async ({ run }) => {
  const folder = folderDouble();
  await run(folder);
  expect(folder.openHandles).toBe(0);
});
