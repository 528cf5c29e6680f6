import { expect, test } from 'vitest';
import { promptOnly, withSteps, type PageText } from '../../src/playground/texts/text.ts';
import { defaultSettings } from '../../src/playground/settings.ts';
import { verdictOn } from '../../src/playground/verdict.ts';
import type { TextStep } from '../../src/worker/api/worker_api.ts';

const stop = { maxTokens: 4, sequences: [] };

/** A text of four tokens that ended by its end token. */
function text(change: Partial<PageText> = {}): PageText {
  const seed = { id: 1, name: '1', lane: 0, params: defaultSettings().params, stop };
  const steps = ['He', ' saw', ' cars', '.'].map(
    (piece, token) =>
      ({ record: { token, piece, visible: 1, stages: [] }, label: piece, kind: 'normal' }) as unknown,
  );
  return { ...withSteps(promptOnly(seed, []), steps as TextStep[]), reason: 'end-of-generation', ...change };
}

test.each([
  ['no change', text(), null, stop, { kind: 'same', byHand: false }],
  ['another token', text(), 2, stop, { kind: 'parts', output: 2 }],
  [
    'a stop sequence within a word',
    text(),
    null,
    { ...stop, sequences: ['car'] },
    { kind: 'ends', stop: 'car' },
  ],
  [
    'a stop sequence over two tokens',
    text(),
    null,
    { ...stop, sequences: ['w c'] },
    { kind: 'ends', stop: 'w c' },
  ],
  ['another token before it', text(), 1, { ...stop, sequences: ['car'] }, { kind: 'parts', output: 1 }],
  ['another token after it', text(), 3, { ...stop, sequences: ['car'] }, { kind: 'ends', stop: 'car' }],
  ['a lower maximum', text(), null, { ...stop, maxTokens: 3 }, { kind: 'ends', stop: null }],
  [
    'a higher maximum, which did not end it',
    text(),
    null,
    { ...stop, maxTokens: 9 },
    { kind: 'same', byHand: false },
  ],
  [
    'a higher maximum, which did end it',
    text({ reason: 'max-tokens' }),
    null,
    { ...stop, maxTokens: 9 },
    { kind: 'goes-on' },
  ],
  [
    'the same maximum, which did end it',
    text({ reason: 'max-tokens' }),
    null,
    stop,
    { kind: 'same', byHand: false },
  ],
  ['a token chosen by hand', text({ byHand: [1] }), null, stop, { kind: 'same', byHand: true }],
])('judges a text after %s', (_, text, firstDivergence, now, verdict) => {
  expect(verdictOn(text, firstDivergence, now)).toEqual(verdict);
});
