/** The contract of tests/unit/models/store_contract.ts over the double; tests/e2e/flows/opfs.test.ts runs it in browsers. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { OpfsStore } from '../../../src/models/opfs_store.ts';
import { folderDouble } from './opfs_double.ts';
import { CONTRACT } from './store_contract.ts';

test.each(CONTRACT)('$name', async ({ run }) => {
  const folder = folderDouble();
  await run(folder);
  expect(folder.openHandles).toBe(0);
});

test('an answer arrives although only the store holds the handle', async () => {
  setFlagsFromString('--expose-gc');
  const folder = folderDouble({ collect: runInNewContext('gc') as () => void });
  const store = new OpfsStore(folder);
  for (let round = 0; round < 3; round++) {
    const file = await store.open('key');
    file.append(new Uint8Array(10));
    file.close();
    expect((await store.blob('key'))?.size).toBe(10 * (round + 1));
  }
}, 5000);
