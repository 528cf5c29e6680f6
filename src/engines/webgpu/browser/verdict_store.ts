/** Verdicts of the engine's self-test, kept in this browser: the same adapter is not tested again on the next visit. */
import { openDB } from 'idb';
import type { Verdicts, VerdictStore } from '../selftest/verdicts.ts';

const NAME = 'logitscope-self-test';
const STORE = 'verdicts';

/** A model does not wait longer for what an earlier visit found out. */
const PATIENCE_MS = 300;

const database = () =>
  openDB(NAME, 1, {
    upgrade: (db) => void db.createObjectStore(STORE),
  });

/** Where a browser keeps nothing (a private window), each load tests anew. */
export const verdictsInBrowser: VerdictStore = {
  async get(key) {
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS));
    return Promise.race([read(key), late]);
  },
  async set(key, verdicts) {
    const db = await database();
    await db.put(STORE, verdicts, key);
    db.close();
  },
};

async function read(key: string): Promise<Verdicts | undefined> {
  const db = await database();
  try {
    return (await db.get(STORE, key)) as Verdicts | undefined;
  } finally {
    db.close();
  }
}
