import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readFragment, writeFragment } from '../../../src/playground/link/fragment.ts';
import { defaultSettings } from '../../../src/playground/settings.ts';
import { arbitrarySettings } from './arbitrary_settings.ts';

describe('settings in a link', () => {
  test('any settings are read as they were written', () => {
    fc.assert(
      fc.property(arbitrarySettings, (settings) => {
        const link = readFragment(`#${writeFragment(settings)}`);
        expect(link?.problems).toEqual([]);
        expect(link?.settings).toEqual(settings);
      }),
      { numRuns: 1000 },
    );
  });

  test('a fragment that the browser escaped gives the same settings', () => {
    fc.assert(
      fc.property(arbitrarySettings, (settings) => {
        const { hash } = new URL(`https://example.org/sub/#${writeFragment(settings)}`);
        expect(readFragment(hash)?.settings).toEqual(settings);
      }),
    );
  });

  test('the defaults are short and readable', () => {
    expect(writeFragment(defaultSettings())).toBe('v=1&model=embedded&prompt=Once+upon+a+time&t=0.8&seed=42');
  });

  test.each([
    ['v=1&t=0.2,0.8,1.4', [{ temperature: 0.2 }, { temperature: 0.8 }, { temperature: 1.4 }], 0.8],
    ['v=1&t=1;0.2,,1.4', [{ temperature: 0.2 }, {}, { temperature: 1.4 }], 1],
    ['v=1&temperature=1.5', [{}], 1.5],
    ['v=1&t=0.2,0.8&top_p=,0.5', [{ temperature: 0.2 }, { temperature: 0.8, topP: 0.5 }], 0.8],
    ['v=1&Top-P=0.3&lanes=2&order.2=top_k', [{}, { order: ['top_k'] }], 0.8],
  ])('%s is read as a person would type it', (fragment, lanes, temperature) => {
    const link = readFragment(fragment);
    expect(link?.problems).toEqual([]);
    expect(link?.settings.lanes).toEqual(lanes);
    expect(link?.settings.params.temperature).toBe(temperature);
  });

  test.each([
    ['v=1&t=500', 'The link says t=500, but it is a number from 0 to 100; the default is used.'],
    ['v=1&t=0.5&t=cold', 'The link says t=cold, but it is a number from 0 to 100; the default is used.'],
    [
      'v=1&top_k=1.5',
      'The link says top_k=1.5, but it is a whole number from 0 to 1000000; the default is used.',
    ],
    ['v=1&mode=poem', 'The link says mode=poem, but it is one of text, chat; the default is used.'],
    ['v=1&luck=bad', 'The link says luck=bad, but it is one of shared, own; the default is used.'],
    ['v=1&n=99', 'The link says n=99, but it is a whole number from 2 to 16; the default is used.'],
    [
      'v=1&length_penalty=x',
      'The link says length_penalty=x, but it is a number from 0 to 10; the default is used.',
    ],
    [
      'v=1&view=moon',
      'The link says view=moon, but it is one of sample, compare, tokens, machine, learn, across; the default is used.',
    ],
    [
      'v=1&max_tokens=0',
      'The link says max_tokens=0, but it is a whole number from 1 to 4096; the default is used.',
    ],
    ['v=1&lanes=0', 'The link says lanes=0, but lanes are counted from 1 to 16; the default is used.'],
    ['v=1&lanes=99', 'The link asks for 99 lanes; the first 16 are taken.'],
    [
      'v=1&order=top_k,top_k',
      'The link says order=top_k,top_k, which this page cannot use; the default is used.',
    ],
    [
      'v=1&model=javascript:alert(1)',
      'The link says model=javascript:alert(1), which this page cannot use; the default is used.',
    ],
    ['v=1&topp=0.3', 'The link has "topp", which this page does not know; left out.'],
    [
      'v=2',
      'The link is of version 2, newer than this page, which reads up to 1; reload the page for a newer one.',
    ],
  ])('%s gives one sentence and the default', (fragment, sentence) => {
    const link = readFragment(fragment);
    expect(link?.problems).toEqual([sentence]);
    expect({ ...link?.settings, lanes: [{}] }).toEqual(defaultSettings());
  });

  test.each(['', '#', '#text', '#prompt=x', '#av=1'])('"%s" is not a link of this page', (fragment) => {
    expect(readFragment(fragment)).toBeNull();
  });

  test('a lone surrogate, which has no UTF-8, becomes U+FFFD', () => {
    const settings = { ...defaultSettings(), prompt: 'a\ud800b' };
    expect(readFragment(writeFragment(settings))?.settings.prompt).toBe('a\ufffdb');
  });
});

describe('links of past versions', () => {
  const fixtures = JSON.parse(readFileSync(new URL('links.json', import.meta.url), 'utf8')) as readonly {
    name: string;
    fragment: string;
    settings: unknown;
  }[];

  test.each(fixtures)('$name', ({ fragment, settings }) => {
    const link = readFragment(fragment);
    expect(link?.problems).toEqual([]);
    // Settings of later versions have defaults, which an old link gets.
    expect(link?.settings).toMatchObject(settings as object);
  });
});
