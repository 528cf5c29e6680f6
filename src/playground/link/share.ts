/** The link that Share copies. */
import { makeRecord, type Recordable } from '../record/make_record.ts';
import type { RunRecord } from '../record/document.ts';
import { packRecord } from '../record/unpack.ts';
import type { Settings } from '../settings.ts';
import { writeFragment } from './fragment.ts';
import { shareableLength } from './limits.ts';

/** Candidates of each step that a link holds at most, and what is tried when that is too much. */
const depths: readonly number[] = [10, 8, 6, 5, 4, 3, 2, 1, 0];

export interface SharedLink {
  readonly url: string;
  /** Candidates of each step; null without a recording. */
  readonly depth: number | null;
  /** Whether it is as short as chats and mails need it. */
  readonly fits: boolean;
}

/** The page's address without query and fragment: what a test or a debugging aid added is not part of a finding. */
function page(): string {
  return location.origin + location.pathname;
}

export function settingsLink(settings: Settings): SharedLink {
  const url = `${page()}#${writeFragment(settings)}`;
  return { url, depth: null, fits: url.length <= shareableLength };
}

/** With as many candidates of each step as fit. */
export async function recordedLink(settings: Settings, subject: Recordable): Promise<SharedLink> {
  const record = await makeRecord(subject, depths[0]!);
  const shown: Settings = {
    ...settings,
    // It opens where it is looked at, wherever it was shared from.
    view: { ...settings.view, page: subject.comparison ? 'compare' : 'sample' },
  };
  return fittingLink((packed) => `${page()}#${writeFragment(shown, packed)}`, record);
}

async function fittingLink(urlOf: (packed: string) => string, record: RunRecord): Promise<SharedLink> {
  for (const depth of depths) {
    const url = urlOf(await packRecord(record, depth));
    const fits = url.length <= shareableLength;
    if (fits || depth === 0) return { url, depth, fits };
  }
  throw new RangeError('depths ends with 0');
}
