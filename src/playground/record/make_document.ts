import type { Line } from '../texts/line.ts';
import { allTokens } from '../texts/line.ts';
import type { Settings } from '../settings.ts';
import { documentChecksum } from './checksum.ts';
import {
  documentFormat,
  documentVersion,
  type KeptDocument,
  type RunDocument,
  type RunRecord,
} from './document.ts';

const titleLength = 60;

/** Without a checksum, which for a long text takes longer than a frame: a database gives back what it was given. */
export function keptDocument(record: RunRecord, settings: Settings, title: string): KeptDocument {
  return {
    ...record,
    format: documentFormat,
    version: documentVersion,
    title,
    savedAt: new Date().toISOString(),
    settings,
  };
}

export function makeDocument(record: RunRecord, settings: Settings, title: string): RunDocument {
  const content = keptDocument(record, settings, title);
  return { ...content, checksum: documentChecksum(content) };
}

/** What a text is called until somebody names it: how it begins. @param tokens how many of its first ones count */
export function titleOf(line: Line, tokens = line.length): string {
  const text = allTokens(line)
    .slice(0, tokens)
    .filter(({ kind }) => kind !== 'control')
    .map(({ piece }) => piece)
    .join('')
    .replace(/\s+/g, ' ')
    .trim();
  return text.length > titleLength ? `${text.slice(0, titleLength - 1)}…` : text || 'Untitled';
}
