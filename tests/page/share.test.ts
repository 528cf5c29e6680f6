/** What the Share dialog's choices put into the link. */
import { beforeEach, expect, test } from 'vitest';
import { readFragment } from '../../src/playground/link/fragment.ts';
import { recordedLink } from '../../src/playground/link/share.ts';
import { subjects } from '../../src/playground/record/subjects.ts';
import { unpackRecord } from '../../src/playground/record/unpack.ts';
import { setNumber } from '../../src/playground/settings_actions.ts';
import { run } from '../../src/playground/texts/run_actions.ts';
import { linkContents } from '../../src/ui/panels/share/link_contents.ts';
import { fresh } from './fresh.ts';

beforeEach(() => fresh({ prompt: 'Once upon a time', maxTokens: 20 }));

test('a link brings the chosen texts, and the page says what the link leaves out', async () => {
  await run();
  setNumber('seed', 7);
  await run();
  const found: [string, number, string][] = [];
  for (const subject of subjects()) {
    const link = await recordedLink(subject);
    const { record } = await unpackRecord(readFragment(new URL(link.url).hash)!.packed!);
    found.push([subject.label, record.lines.length, linkContents(link, subject.label)]);
  }
  expect(found).toEqual([
    [
      'this text',
      1,
      'The link has the settings and this text, with each token’s numbers and the 10 likeliest candidates of each step; the others are not in it.',
    ],
    [
      'all 2 texts',
      2,
      'The link has the settings and all 2 texts, with each token’s numbers and the 10 likeliest candidates of each step; the others are not in it.',
    ],
  ]);
});

test.each([
  [{ depth: null, steps: null }, 'The link has the settings, and no text.'],
  [
    { depth: 0, steps: null },
    'The link has the settings and all 2 texts, with each token’s numbers; candidates are not in it.',
  ],
  [
    { depth: 5, steps: 1_062 },
    'The link has the settings and all 2 texts, with each token’s numbers and the 5 likeliest candidates of the 1 062 steps that were most open; other candidates are not in it.',
  ],
])('for %o the page says: %s', (link, sentence) => {
  const said = linkContents({ url: '', fits: true, whole: true, ...link }, 'all 2 texts');
  expect(said.replaceAll(/\s/g, ' ')).toBe(sentence);
});
