import { describe, expect, test } from 'vitest';
import { recordedTexts } from '../../../src/playground/record/make_comparison.ts';
import { maxTexts } from '../../../src/playground/record/bounds.ts';
import type { Comparison } from '../../../src/playground/compare/state.svelte.ts';
import type { PageText } from '../../../src/playground/texts/text.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';

const text = (id: number, parent: number | null, reason: PageText['reason']): PageText => ({
  id,
  name: `branch ${id}`,
  lane: id,
  parent,
  forkedAt: parent === null ? null : 3,
  params: defaultParams(),
  chunks: [],
  length: 5,
  promptLength: 2,
  visible: 0,
  outputUnits: 0,
  reason,
});

const comparison = (kind: 'beam' | 'sample', texts: readonly PageText[]): Comparison =>
  ({ strategy: kind === 'beam' ? { kind, width: 4, lengthPenalty: 1 } : { kind }, texts }) as Comparison;

describe('the texts of a comparison in a record', () => {
  test('are all of them where there is room', () => {
    const texts = Array.from({ length: 16 }, (_, id) => text(id, null, 'max-tokens'));
    expect(recordedTexts(comparison('sample', texts))).toEqual(texts);
  });

  test('of a long beam search are the ended ones with their ancestors, then the newest pruned ones', () => {
    // A chain of pruned branches in rows of seven, and one ended beam, which forked from the tenth.
    const texts = Array.from({ length: 200 }, (_, id) =>
      text(
        id,
        id === 0 ? null : id === 199 ? 10 : id % 7 === 0 ? 0 : id - 1,
        id === 199 ? 'max-tokens' : 'pruned',
      ),
    );
    const kept = recordedTexts(comparison('beam', texts));
    expect(kept.length).toBeLessThanOrEqual(maxTexts);
    expect(kept.length).toBeGreaterThan(maxTexts - 8);
    const ids = kept.map(({ id }) => id);
    // 199 descends from 10, 9, 8, 7 and 0.
    expect(ids).toEqual(expect.arrayContaining([199, 10, 9, 8, 7, 0]));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    for (const { parent } of kept) expect(parent === null || ids.includes(parent)).toBe(true);
    // 198 is the newest pruned branch, and 20 is among the oldest.
    expect(ids).toContain(198);
    expect(ids).not.toContain(20);
  });
});
