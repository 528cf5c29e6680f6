/** Keeps the verdicts of the engine's self-test in this browser, so that the next visit does not test the same adapter again. */
import { openDB } from 'idb';
import type { Verdicts, VerdictStore } from '../selftest/verdicts.ts';

const NAME = 'logitscope-self-test';
const STORE = 'verdicts';

/** Loading a model waits at most this long for the verdicts of an earlier visit. */
const PATIENCE_MS = 300;

const database = () =>
  openDB(NAME, 1, {
    upgrade: (db) => void db.createObjectStore(STORE),
  });

/** If a browser stores nothing (a private window), each load runs the test again. */
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
