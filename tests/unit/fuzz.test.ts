/** Runs a few cases of each subject of `npm run fuzz`, which show obvious breakage. */
import { describe, expect, it } from 'vitest';
import { fuzz } from '../fuzz/fuzz.ts';
import { SUBJECTS } from '../fuzz/subjects/index.ts';

describe('input from strangers is accepted or refused with a sentence, in bounded time and memory', () => {
  it.each(Object.entries(SUBJECTS))('%s', async (_, open) => {
    const subject = await open();
    const summary = await fuzz(subject, { cases: subject.few, seed: 1 });
    expect(summary.failures).toEqual([]);
    // Inputs that are never accepted, or never refused, would test nothing.
    expect(summary.accepted).toBeGreaterThan(0);
  });
});
