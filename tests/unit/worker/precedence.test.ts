/** The order of tasks in the worker: a person's actions go before the questions of the charts. */
import { expect, test } from 'vitest';
import type { PrefillOptions, PrefillResult } from '../../../src/engines/contract.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import { WorkerHost } from '../../../src/worker/host.ts';

test('a run interrupts a re-derivation, which keeps its rows and can be asked for again', async () => {
  const engine = new ScriptedEngine();
  const host = new WorkerHost(() => Promise.resolve(engine)).to(0);
  await host.load({ kind: 'scripted' }, () => undefined);
  const prompt = engine.tokenizer.encode('Once upon a time', { addSpecial: true });
  const tokens = [...prompt, ...engine.tokenizer.encode(' there was a little fox'.repeat(20))];
  await host.adopt(1, { tokens, promptLength: prompt.length, stream: 0, byHand: [] });

  // Each requested position takes a turn of its own, like the chunks of a slow adapter.
  const { session } = engine;
  const prefill = session.prefill.bind(session);
  const computed: number[] = [];
  session.prefill = async (some, options: PrefillOptions = {}) => {
    const { sequence, onLogits, signal } = options;
    if (sequence === undefined || !onLogits) return prefill(some, options);
    let last: PrefillResult = { sequence, logits: new Float32Array(), reused: 0 };
    for (const token of some) {
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
      last = await prefill([token], { sequence });
      computed.push(token);
      onLogits(session.tokens(sequence).length - 1, last.logits);
    }
    return last;
  };

  const params = defaultParams();
  const looking = host.rederive(1, params);
  await expect.poll(() => computed.length).toBeGreaterThan(3);
  const lanes = [{ text: 2, params, stream: 0 }];
  const stop = { maxTokens: 4, sequences: [] };
  const ran = host.run({ prompt, lanes, strategy: { kind: 'sample' }, stop }, () => undefined);
  expect(await looking).toBeNull();
  expect(computed.length).toBeLessThan(tokens.length - 1);
  expect((await ran).branches).toHaveLength(1);

  const again = await host.rederive(1, params);
  expect(again?.tokens).toHaveLength(tokens.length - prompt.length);
});
