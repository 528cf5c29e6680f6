import { expect, test } from 'vitest';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { lane, runScripted } from './run_scripted.ts';

/** An engine whose cache has any prompt except its last token. */
function reusingEngine(): ScriptedEngine {
  const engine = new ScriptedEngine();
  const prefill = engine.session.prefill.bind(engine.session);
  engine.session.prefill = async (tokens, options) => ({
    ...(await prefill(tokens, options)),
    reused: tokens.length - 1,
  });
  return engine;
}

const prompt = new ScriptedEngine().tokenizer.encode('Once upon a time', { addSpecial: true });
const prefix = (length: number): number[] => Array.from({ length }, (_, i) => 10 + i);

test.each([
  ['from the prompt', [0], prompt.length, prompt.length - 1],
  ['continued from 60 tokens', [60], prompt.length + 60, prompt.length + 59],
  ['three lanes, two of them continued', [0, 4, 9], 3 * prompt.length + 13, 3 * prompt.length + 10],
  ['three lanes from the prompt, which is read once', [0, 0, 0], prompt.length, prompt.length - 1],
] as const)('tokens read and tokens reused, %s', async (_, prefixes, read, reused) => {
  const lanes = prefixes.map((length) => ({ ...lane(), prefix: prefix(length) }));
  const { result } = await runScripted(
    { prompt, lanes, stop: { maxTokens: 2, sequences: [] } },
    { engine: reusingEngine() },
  );
  expect(result.timing.promptTokens).toBe(read);
  expect(result.timing.reusedTokens).toBe(reused);
});
