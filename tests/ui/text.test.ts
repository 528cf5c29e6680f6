import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StepRecord } from '../../src/decoding/events.ts';
import {
  allTokens,
  forkedText,
  outputText,
  promptOnly,
  tokenAt,
  withSteps,
} from '../../src/playground/texts/text.ts';
import { timelineOf } from '../../src/playground/timeline_values.ts';
import { defaultParams } from '../../src/sampling/parameter_table.ts';
import type { TextStep, TokenText } from '../../src/worker/api/worker_api.ts';

const seed = { id: 1, name: '1', lane: 0, params: defaultParams() };

function promptOf(pieces: readonly string[]): TokenText[] {
  return pieces.map((piece, token) => ({ token, piece, label: piece, kind: 'normal' }));
}

function stepsOf(pieces: readonly string[], logprob = -1): TextStep[] {
  let units = 0;
  return pieces.map((piece, index) => {
    units += piece.length;
    const record: StepRecord = {
      branch: 0,
      position: index,
      token: index,
      piece,
      visible: units,
      rawLogprob: logprob,
      finalLogprob: logprob,
      rank: 1,
      entropy: 1,
      finalEntropy: 1,
      kept: 1,
      masked: NaN,
      u: 0,
      stages: [],
    };
    return { record, label: piece, kind: 'normal' };
  });
}

const pieces = fc.array(fc.constantFrom(' word', 'ing', '\n', '.', ' ', 'é', ''), { maxLength: 400 });

test('a text returns the tokens that were added, in any batches, and finds each at its position', () => {
  fc.assert(
    fc.property(
      pieces,
      pieces,
      fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 12 }),
      (prompt, output, cuts) => {
        let text = promptOnly(seed, promptOf(prompt));
        const steps = stepsOf(output);
        let from = 0;
        for (const size of [...cuts, Infinity]) {
          text = withSteps(text, steps.slice(from, from + size));
          from += size;
        }
        const all = [...prompt, ...output];
        expect(allTokens(text).map(({ piece }) => piece)).toEqual(all);
        expect(text.length).toBe(all.length);
        expect(all.map((_, position) => tokenAt(text, position)?.piece)).toEqual(all);
        expect(tokenAt(text, all.length)).toBeUndefined();
        expect(outputText(text)).toBe(output.join(''));
        let start = 0;
        for (const chunk of text.chunks) {
          expect(chunk.start).toBe(start);
          start += chunk.tokens.length;
        }
      },
    ),
  );
});

test('a streamed token copies the last chunk and shares the others', () => {
  const text = withSteps(promptOnly(seed, promptOf([' a'])), stepsOf(Array<string>(500).fill(' word')));
  const more = withSteps(text, stepsOf([' x']));
  expect(text.chunks.length).toBeGreaterThan(5);
  expect(more.chunks.slice(0, -1)).toEqual(text.chunks.slice(0, -1));
  for (const [index, chunk] of text.chunks.slice(0, -1).entries()) expect(more.chunks[index]).toBe(chunk);
});

test('a chunk begins only where a line may break', () => {
  const text = withSteps(
    promptOnly(seed, promptOf([' a'])),
    stepsOf(Array.from({ length: 300 }, (_, index) => (index % 7 === 0 ? ' walk' : 'ing'))),
  );
  for (const chunk of text.chunks.slice(1)) expect(chunk.tokens[0]!.piece).toMatch(/^\s/);
});

test('a fork shares the tokens before it and what they showed', () => {
  const text = withSteps(promptOnly(seed, promptOf(['a', 'b'])), stepsOf([' c', ' d', ' e']));
  const fork = forkedText({ ...seed, id: 2 }, text, 4);
  expect(allTokens(fork)).toEqual(allTokens(text).slice(0, 4));
  expect(outputText(fork)).toBe(' c d');
  expect(fork).toMatchObject({ parent: 1, forkedAt: 4, promptLength: 2, reason: null });
});

test('running perplexity is exp of the mean surprisal of the output so far', () => {
  const text = withSteps(
    withSteps(promptOnly(seed, promptOf(['a'])), stepsOf(['b'], -1)),
    stepsOf(['c'], -3),
  );
  const { perplexity } = timelineOf(text, null);
  expect(perplexity[0]).toBeNaN();
  expect(perplexity[1]).toBeCloseTo(Math.E, 12);
  expect(perplexity[2]).toBeCloseTo(Math.exp(2), 12);
});
