import { describe, expect, test } from 'vitest';
import type { DocumentToken } from '../../../src/playground/record/document.ts';
import { recordedStep } from '../../../src/playground/record/recorded_view.ts';

const token: DocumentToken = {
  id: 3,
  text: ' cat',
  label: ' cat',
  kind: 'normal',
  rawLogprob: Math.log(0.5),
  finalLogprob: Math.log(0.75),
  rank: 1,
  entropy: 1,
  finalEntropy: 0.5,
  kept: 2,
  top: [
    { id: 3, label: ' cat', rawLogprob: Math.log(0.5), finalLogprob: Math.log(0.75) },
    { id: 8, label: ' dog', rawLogprob: Math.log(0.25), finalLogprob: Math.log(0.25) },
    { id: 5, label: ' fox', rawLogprob: Math.log(0.125), finalLogprob: null },
  ],
};

describe('a recorded step', () => {
  test('with a known chain says what the chain removed', () => {
    const view = recordedStep(token, 100)!;
    expect(view.rows.map(({ removedBy }) => removedBy)).toEqual([null, null, 'the chain']);
    expect(view.rows[2]!.final).toBe(0);
    expect(view.rest).toMatchObject({ count: 97 });
    expect(view.rest.raw).toBeCloseTo(0.125, 12);
    expect(view.rest.final).toBeCloseTo(0, 12);
  });

  test('of a server, which does not report what its chain kept, invents nothing', () => {
    const silent = {
      ...token,
      finalLogprob: null,
      entropy: null,
      finalEntropy: null,
      kept: null,
      top: token.top.map((candidate) => ({ ...candidate, finalLogprob: null })),
    };
    const view = recordedStep(silent, 0)!;
    expect(view.rows.map(({ removedBy, final }) => [removedBy, final])).toEqual([
      [null, NaN],
      [null, NaN],
      [null, NaN],
    ]);
    expect(view.rest).toMatchObject({ count: NaN, final: NaN });
    expect([...view.curve.final]).toEqual([0, 0, 0]);
  });

  test('is null for a step that was not recorded', () => {
    expect(recordedStep({ ...token, top: [], rawLogprob: null }, 100)).toBeNull();
    expect(recordedStep(undefined, 100)).toBeNull();
  });
});
