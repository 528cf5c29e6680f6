import { expect } from 'vitest';
import { compileGrammar } from '../../../src/decoding/grammar/compile.ts';
import type { Engine } from '../../../src/engines/contract.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import type { Grammar } from '../../../src/sampling/params.ts';
import { lane, runScripted } from '../decoding/run_scripted.ts';

/** Parameters under which only the grammar restricts the draw. */
export const hot = { temperature: 1.5, topK: 0, topP: 1, minP: 0 };

/** The texts of this many seeds; each must reach an end token. */
export async function samples(
  grammar: Grammar,
  count: number,
  { engine = new ScriptedEngine() as Engine, maxTokens = 600 } = {},
): Promise<string[]> {
  const ready = await compileGrammar(grammar, engine.tokenizer);
  const texts: string[] = [];
  let masked = 0;
  for (let at = 0; at < count; at += 8) {
    const seeds = Array.from({ length: Math.min(8, count - at) }, (_, i) => at + i);
    const { result, records } = await runScripted(
      { lanes: seeds.map((seed) => lane({ ...hot, seed })), stop: { maxTokens, sequences: [] } },
      { engine, constraint: () => ready.constraint() },
    );
    expect(result.error).toBeNull();
    for (const { text, reason } of result.branches) {
      expect(reason, text).toBe('end-of-generation');
      texts.push(text);
    }
    for (const { stages } of records) {
      if (stages[0]?.stage === 'grammar' && stages[0].massRemoved > 0) masked++;
    }
  }
  expect(masked).toBeGreaterThan(count);
  return texts;
}
