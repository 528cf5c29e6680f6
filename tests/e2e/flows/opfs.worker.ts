/** Runs the contract of the store over this browser's private file system. Reports for each case what went wrong, or null. */
import { CONTRACT } from '../../unit/models/store_contract.ts';

export type ContractResults = Readonly<Record<string, string | null>>;

const results: Record<string, string | null> = {};
const root = await navigator.storage.getDirectory();
for (const { name, run } of CONTRACT) {
  const folder = await root.getDirectoryHandle('contract', { create: true });
  try {
    await run(folder);
    results[name] = null;
  } catch (error) {
    results[name] = String(error);
  }
  // A case that failed may have left its file open.
  await root.removeEntry('contract', { recursive: true }).catch((error: unknown) => {
    results[name] ??= `left open: ${String(error)}`;
  });
}
postMessage(results);
