import type { PageText } from '../texts/text.ts';
import { allTokens } from '../texts/text.ts';
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

/** The browser's database returns what it stored, so this has no checksum: for a long text it takes longer than a frame. */
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

/** The default title of a text, which is its beginning. @param tokens how many of its first tokens to use */
export function titleOf(text: PageText, tokens = text.length): string {
  const title = allTokens(text)
    .slice(0, tokens)
    .filter(({ kind }) => kind !== 'control')
    .map(({ piece }) => piece)
    .join('')
    .replace(/\s+/g, ' ')
    .trim();
  return title.length > titleLength ? `${title.slice(0, titleLength - 1)}…` : title || 'Untitled';
}
