/** Texts whose logits exceed the budget. Walks compute them in windows, and kept rows survive from one walk to the next. */
import { expect, test } from 'vitest';
import { LogitMemory } from '../../../src/decoding/logit_memory.ts';
import { Rederiver } from '../../../src/decoding/rederive.ts';
import type { PrefillOptions, Session, TokenId } from '../../../src/engines/contract.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import { lane, runScripted } from './run_scripted.ts';

const VOCABULARY = 1000;
const ROW = 4 * VOCABULARY;
const PROMPT = 20;
const tokens = Array.from({ length: 320 }, (_, position) => position);
const OUTPUTS = tokens.length - PROMPT + 1;

/** Gives the position as every logit, and counts calls. */
function countedSession() {
  const counts = { given: 0, largestWindow: 0, open: 0 };
  let length = 0;
  const row = (position: number) => new Float32Array(VOCABULARY).fill(position);
  const session = {
    prefill: (some: readonly TokenId[], { sequence, onLogits }: PrefillOptions = {}) => {
      if (sequence === undefined) {
        length = 0;
        counts.open++;
      }
      some.forEach(() => onLogits?.(length, row(length++)));
      if (sequence === undefined) length = some.length;
      counts.given += onLogits ? some.length : 1;
      if (onLogits) counts.largestWindow = Math.max(counts.largestWindow, some.length);
      return Promise.resolve({ sequence: 1, logits: row(length - 1), reused: 0 });
    },
    release: () => counts.open--,
  } as unknown as Session;
  return { session, counts };
}

test.each([1, 40, 128])(
  'a walk with room for %i rows also holds a window, and the next walk computes the rest',
  async (room) => {
    const budget = room * ROW;
    const memory = new LogitMemory(budget);
    const { session, counts } = countedSession();
    for (const walk of ['first', 'second', 'third']) {
      counts.given = 0;
      let position = PROMPT - 1;
      for await (const row of memory.walk(session, tokens, PROMPT - 1, 'prefill')) {
        expect(row[0]).toBe(position++);
        expect(memory.bytes).toBeLessThanOrEqual(budget);
      }
      expect(position).toBe(tokens.length);
      expect(counts.largestWindow).toBeLessThanOrEqual(Math.max(1, room / 4));
      expect(counts.given, walk).toBe(walk === 'first' ? OUTPUTS : OUTPUTS - room);
      expect(memory.rows).toBe(room);
      expect(counts.open).toBe(0);
    }
  },
);

test('other texts make room for the one that is walked, and an abandoned walk releases its sequence', async () => {
  const memory = new LogitMemory(10 * ROW);
  for (let i = 0; i < 10; i++) memory.put([1000 + i], new Float32Array(VOCABULARY));
  const { session, counts } = countedSession();
  for await (const row of memory.walk(session, tokens, PROMPT - 1, 'prefill')) if (row[0]! > 100) break;
  expect(counts.open).toBe(0);
  expect(memory.along(tokens, PROMPT - 1).filter((row) => row !== null)).toHaveLength(10);
});

test.each([{}, { mirostat: 2 }, { adaptiveTarget: 0.3 }, { dryMultiplier: 1 }])(
  're-deriving gives the same beyond the budget as within it: %o',
  async (change) => {
    const engine = new ScriptedEngine();
    const stop = { maxTokens: 60, sequences: [], ignoreEndOfGeneration: true };
    const { result } = await runScripted({ lanes: [lane()], stop }, { engine });
    const prompt = engine.tokenizer.encode('Once upon a time', { addSpecial: true });
    const text = {
      tokens: [...prompt, ...result.branches[0]!.tokens],
      promptLength: prompt.length,
      stream: 0,
      byHand: new Set<number>(),
    };
    const rederiver = new Rederiver(engine.tokenizer);
    const params = { ...defaultParams(), ...change, temperature: 1.3 };
    const under = (memory: LogitMemory, { session } = engine) => {
      const rows = memory.walk(session, text.tokens.slice(0, -1), prompt.length - 1, 'prefill');
      return rederiver.rederive(text, params, { from: prompt.length, rows, masks: [] });
    };
    const small = () => new LogitMemory(9 * engine.model.vocabularySize * 4);
    // Two concurrent walks over two engines share the working memory of the chain.
    const [first, second] = await Promise.all([under(small()), under(small(), new ScriptedEngine())]);
    expect(first).toEqual(await under(new LogitMemory()));
    expect(second).toEqual(first);
    expect(engine.session.usage.pagesUsed).toBe(0);
  },
);
