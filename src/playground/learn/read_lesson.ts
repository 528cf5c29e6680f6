/** Reads a card's record, which is stored as the link that would open it. */
import * as v from 'valibot';
import { readFragment } from '../link/fragment.ts';
import type { RunRecord } from '../record/document.ts';
import { unpackRecord } from '../record/unpack.ts';
import type { Settings } from '../settings.ts';

const stored = v.object({ link: v.string() });

export interface StoredLesson {
  readonly record: RunRecord;
  readonly settings: Settings;
}

/** @throws Error if this copy of the page has no record for the card */
export async function fetchLesson(id: string): Promise<StoredLesson> {
  const response = await fetch(new URL(`learn/${id}.json`, document.baseURI));
  // A dev server answers a missing file with the page itself.
  if (!response.ok || !response.headers.get('content-type')?.includes('json'))
    throw new Error(`The recorded run of the card “${id}” is missing; reload the page.`);
  return readLesson(await response.json());
}

/** @param json the content of `static/learn/ID.json` */
export async function readLesson(json: unknown): Promise<StoredLesson> {
  const link = readFragment(v.parse(stored, json).link);
  if (!link?.packed) throw new Error('The file has no record.');
  const { record } = await unpackRecord(link.packed);
  return { record, settings: link.settings };
}
