/** The link that Share copies. */
import { makeRecord, type Recordable } from '../record/make_record.ts';
import type { RunRecord } from '../record/document.ts';
import { packRecord } from '../record/unpack.ts';
import type { Settings } from '../settings.ts';
import { depths, partialDepth, positionsByInterest, withCandidatesAt } from './fit_record.ts';
import { writeFragment } from './fragment.ts';
import { shareableLength } from './limits.ts';

export interface SharedLink {
  readonly url: string;
  /** Candidates of a step; null without a recording. */
  readonly depth: number | null;
  /** Steps that have them, where not all do. */
  readonly steps: number | null;
  /** Whether it is as short as chats and mails need it. */
  readonly fits: boolean;
}

/** Of a link that is too long for a chat anyway. */
const leastSteps = 24;

/** The page's address without query and fragment: what a test or a debugging aid added is not part of a finding. */
function page(): string {
  return location.origin + location.pathname;
}

export function settingsLink(settings: Settings): SharedLink {
  const url = `${page()}#${writeFragment(settings)}`;
  return { url, depth: null, steps: null, fits: url.length <= shareableLength };
}

/** With as many candidates of each step as fit. */
export async function recordedLink(settings: Settings, subject: Recordable): Promise<SharedLink> {
  const record = await makeRecord(subject, depths[0]!);
  const made = subject.comparison?.settings ?? settings;
  const shown: Settings = {
    ...made,
    model: settings.model,
    // It opens where it is looked at, wherever it was shared from.
    view: { ...settings.view, page: subject.comparison ? 'compare' : 'sample' },
  };
  return fittingLink((packed) => `${page()}#${writeFragment(shown, packed)}`, record);
}

async function fittingLink(urlOf: (packed: string) => string, record: RunRecord): Promise<SharedLink> {
  for (const depth of depths) {
    const url = urlOf(await packRecord(record, depth));
    if (url.length <= shareableLength) return { url, depth, steps: null, fits: true };
  }
  const positions = positionsByInterest(record);
  const linkWith = async (steps: number): Promise<string> => {
    const kept = withCandidatesAt(record, new Set(positions.slice(0, steps)));
    return urlOf(await packRecord(kept, partialDepth));
  };
  // The most steps that fit, by halves.
  let [most, least] = [positions.length, 0];
  let url = await linkWith(0);
  while (url.length <= shareableLength && most - least > 1) {
    const steps = Math.floor((most + least) / 2);
    const longer = await linkWith(steps);
    if (longer.length <= shareableLength) [least, url] = [steps, longer];
    else most = steps;
  }
  const fits = url.length <= shareableLength;
  // Too long for a chat in any case: then with what a file would show of the steps that matter most.
  if (!fits) return { url: await linkWith(leastSteps), depth: partialDepth, steps: leastSteps, fits };
  return { url, depth: least === 0 ? 0 : partialDepth, steps: least === 0 ? null : least, fits };
}
