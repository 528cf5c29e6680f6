/** The link that Share copies. */
import { makeRecord, type Recordable } from '../record/make_record.ts';
import type { RunRecord } from '../record/document.ts';
import { ownSettings } from '../record/own_settings.ts';
import { packRecord, unpackRecord } from '../record/unpack.ts';
import type { Settings } from '../settings.ts';
import { depths, partialDepth, positionsByInterest, withCandidatesAt } from './fit_record.ts';
import { writeFragment } from './fragment.ts';
import { maxFragmentLength, shareableLength } from '../limits.ts';

export interface SharedLink {
  readonly url: string;
  /** Candidates per step; null without a record. */
  readonly depth: number | null;
  /** How many steps have candidates; null if all do. */
  readonly steps: number | null;
  /** Whether it is short enough for chats and mails. */
  readonly fits: boolean;
  /** False if no link can carry the record. */
  readonly whole: boolean;
}

/** Steps with candidates in a link that is too long for a chat anyway. */
const leastSteps = 24;

/** The page's address without the query, which tests and debugging use, and without the fragment. */
function page(): string {
  return location.origin + location.pathname;
}

export function settingsLink(settings: Settings): SharedLink {
  const url = `${page()}#${writeFragment(settings)}`;
  return { url, depth: null, steps: null, fits: url.length <= shareableLength, whole: true };
}

/** A link with as many candidates per step as fit, and with the settings that made the texts. */
export async function recordedLink(subject: Recordable): Promise<SharedLink> {
  // Start both now, so that changes while the worker answers do not matter.
  const [own, record] = await Promise.all([ownSettings(subject), makeRecord(subject, depths[0]!)]);
  // The link opens the view that shows its texts.
  const page = subject.comparison ? 'compare' : 'sample';
  return fittingLink({ ...own, view: { ...own.view, page } }, record);
}

async function fittingLink(settings: Settings, record: RunRecord): Promise<SharedLink> {
  const urlOf = (packed: string): string => `${page()}#${writeFragment(settings, packed)}`;
  const positions = positionsByInterest(record);
  const packedWith = (steps: number): Promise<string> =>
    packRecord(withCandidatesAt(record, new Set(positions.slice(0, steps))), partialDepth, settings);
  let url = urlOf(await packedWith(0));
  if (url.length > shareableLength) return tooLong(urlOf, await packedWith(leastSteps));
  for (const depth of depths) {
    const whole = urlOf(await packRecord(record, depth, settings));
    if (whole.length <= shareableLength) return { url: whole, depth, steps: null, fits: true, whole: true };
  }
  // Finds the most steps that fit by bisection.
  let [most, least] = [positions.length, 0];
  while (most - least > 1) {
    const steps = Math.floor((most + least) / 2);
    const longer = urlOf(await packedWith(steps));
    if (longer.length <= shareableLength) [least, url] = [steps, longer];
    else most = steps;
  }
  const some = least > 0;
  return { url, depth: some ? partialDepth : 0, steps: some ? least : null, fits: true, whole: true };
}

/** A link that no chat takes: it has the most interesting steps, if a page can read it at all. */
async function tooLong(urlOf: (packed: string) => string, packed: string): Promise<SharedLink> {
  const readable = packed.length < maxFragmentLength / 2 && (await unpackRecord(packed).then(always, never));
  if (readable) {
    return { url: urlOf(packed), depth: partialDepth, steps: leastSteps, fits: false, whole: true };
  }
  const url = urlOf('').replace(/&r=$/, '');
  return { url, depth: null, steps: null, fits: url.length <= shareableLength, whole: false };
}

const always = (): boolean => true;
const never = (): boolean => false;
