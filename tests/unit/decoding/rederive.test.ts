import { describe, expect, test } from 'vitest';
import { allRows } from './all_rows.ts';
import { LogitMemory } from '../../../src/decoding/logit_memory.ts';
import { Rederiver, remembers, type KnownSteps } from '../../../src/decoding/rederive.ts';
import { summarise } from '../../../src/decoding/step_record.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import type { SamplingParams } from '../../../src/sampling/params.ts';
import type { TraceMemory } from '../../../src/sampling/trace.ts';
import { tokenFate } from '../../../src/sampling/trace_view.ts';
import { plainCandidates, plainSoftmax } from '../../reference/plain_samplers.ts';
import { lane, runScripted } from './run_scripted.ts';

/** A text with its logits and everything else that re-deriving needs. */
async function past(change: Partial<SamplingParams> = {}, maxTokens = 40) {
  const memory = new LogitMemory();
  const stop = { maxTokens, sequences: [], ignoreEndOfGeneration: true };
  const run = await runScripted({ lanes: [lane(change)], stop }, { memory });
  const prompt = run.engine.tokenizer.encode('Once upon a time', { addSpecial: true });
  const { tokens } = run.result.branches[0]!;
  const rows = memory.along([...prompt, ...tokens.slice(0, -1)], prompt.length - 1) as Float32Array[];
  const rederiver = new Rederiver(run.engine.tokenizer);
  const text = {
    tokens: [...prompt, ...tokens],
    promptLength: prompt.length,
    stream: 0,
    byHand: new Set<number>(),
  };
  const steps = { from: prompt.length, rows, masks: [] } satisfies KnownSteps;
  return { ...run, memory, prompt, tokens, rederiver, text, steps };
}

function chain(change: Partial<SamplingParams>): SamplingParams {
  return { ...defaultParams(), ...change };
}

const CHAINS: [string, Partial<SamplingParams>][] = [
  ['the default chain', {}],
  ['XTC and DRY', { xtcProbability: 0.5, dryMultiplier: 1, dryAllowedLength: 1 }],
  ['mirostat 1', { mirostat: 1 }],
  ['mirostat 2', { mirostat: 2 }],
  ['adaptive-p', { adaptiveTarget: 0.3 }],
];

describe('re-deriving', () => {
  test.each(CHAINS)('%s under its own parameters gives the same numbers', async (_, change) => {
    const { rederiver, text, steps, records, tokens } = await past(change);
    const again = await rederiver.rederive(text, chain(change), steps);
    expect(again.firstDivergence).toBeNull();
    expect([...again.tokens]).toEqual(tokens);
    expect([...again.finalLogprob]).toEqual(records.map(({ finalLogprob }) => finalLogprob));
    expect([...again.finalEntropy]).toEqual(records.map(({ finalEntropy }) => finalEntropy));
    expect([...again.kept]).toEqual(records.map(({ kept }) => kept));
    expect([...again.masked].every(Number.isNaN)).toBe(true);
    const walked: unknown[] = [];
    await rederiver.walk(text, chain(change), steps, ({ draw }) =>
      walked.push([draw.u, draw.rawEntropy, draw.stages.map(summarise)]),
    );
    expect(walked).toEqual(records.map(({ u, entropy, stages }) => [u, entropy, stages]));
  });

  test.each(CHAINS)('under other parameters it diverges where a run with them would', async (_, change) => {
    const { rederiver, text, steps, tokens } = await past();
    const other = { ...change, temperature: 1.4, topK: 0, topP: 1, minP: 0 };
    const again = await runScripted({
      lanes: [lane(other)],
      stop: { maxTokens: 40, sequences: [], ignoreEndOfGeneration: true },
    });
    const rerun = again.result.branches[0]!.tokens;
    const parting = tokens.findIndex((token, i) => token !== rerun[i]);
    const rederived = await rederiver.rederive(text, chain(other), steps);
    expect(parting).toBeGreaterThanOrEqual(0);
    expect(rederived.firstDivergence).toBe(parting);
    expect(rederived.tokens[parting]).toBe(rerun[parting]);
  });

  test.each(CHAINS)('%s: the trace of one past step equals that of the walk', async (_, change) => {
    const { rederiver, text, steps, tokens, prompt } = await past();
    const whole = await rederiver.rederive(text, chain(change), steps);
    const index = 17;
    const first = remembers(chain(change)) ? 0 : index;
    const some = { from: prompt.length + first, rows: steps.rows.slice(first, index + 1), masks: [] };
    const trace = await rederiver.trace(text, chain(change), some, (trace) => trace);
    expect(trace.token).toBe(whole.tokens[index]);
    expect(trace.kept).toBe(whole.kept[index]);
    expect(tokenFate(trace, tokens[index]!).finalLogprob).toBe(whole.finalLogprob[index]);
  });

  test('derives the next token, which is not drawn yet, and a token of the prompt', async () => {
    const { rederiver, text, steps, prompt, engine, memory } = await past({}, 10);
    const rows = await allRows(memory.walk(engine.session, text.tokens, prompt.length - 1, 'replay'));
    const trace = await rederiver.trace(text, defaultParams(), { ...steps, rows }, (found) => found);
    const longer = await past({}, 11);
    expect(trace.token).toBe(longer.tokens[10]);

    const [early] = await allRows(memory.walk(engine.session, prompt.slice(0, 2), 1, 'prefill'));
    const inside = await rederiver.trace(
      text,
      defaultParams(),
      { from: 2, rows: [early!], masks: [] },
      (found) => found,
    );
    expect(inside.position).toBe(2);
    const p = plainSoftmax(plainCandidates(early!));
    expect(tokenFate(inside, prompt[2]!).rawLogprob).toBeCloseTo(Math.log(p[prompt[2]!]!), 10);
  });

  test('nothing diverges at a token chosen by hand, because it was not drawn', async () => {
    const { rederiver, text, steps, tokens } = await past();
    const other = chain({ temperature: 1.4, topK: 0, topP: 1, minP: 0 });
    const parting = (await rederiver.rederive(text, other, steps)).firstDivergence!;
    const byHand = new Set([parting]);
    const again = await rederiver.rederive({ ...text, byHand }, other, steps);
    expect(again.tokens[parting]).toBe(tokens[parting]);
    expect(again.firstDivergence).not.toBe(parting);
  });

  test('bad parameters and steps without logits are refused', async () => {
    const { rederiver, text, steps } = await past();
    await expect(rederiver.rederive(text, chain({ topP: 7 }), steps)).rejects.toThrow(/Top-p is 7/);
    const none = rederiver.trace(text, chain({}), { ...steps, rows: [] }, (trace) => trace);
    await expect(none).rejects.toThrow(/needs the logits/);
  });

  test('applies a grammar’s mask', async () => {
    const { rederiver, text, steps, tokens } = await past();
    const words = Math.ceil(rederiver.tokenizer.vocabularySize / 32);
    const allButFirst = new Int32Array(words).fill(-1);
    allButFirst[tokens[5]! >>> 5]! &= ~(1 << (tokens[5]! & 31));
    const masks = steps.rows.map((_, index) => (index === 5 ? allButFirst : null));
    const again = await rederiver.rederive(text, chain({}), { ...steps, masks });
    expect(again.finalLogprob[5]).toBe(-Infinity);
    expect(again.tokens[5]).not.toBe(tokens[5]);
    expect(again.masked[5]).toBeGreaterThan(0);
    expect(again.firstDivergence).toBe(5);
    expect(again.tokens[4]).toBe(tokens[4]);
    expect(again.masked[4]).toBeNaN();
  });

  test('a trace in reused memory holds the last derived step', async () => {
    const { rederiver, text, steps, prompt } = await past();
    const at = (index: number) => ({
      from: prompt.length + index,
      rows: [steps.rows[index]!],
      masks: [],
    });
    const look = (index: number, memory?: TraceMemory) =>
      rederiver.trace(text, chain({}), at(index), (trace) => trace, memory);
    const alone = await Promise.all([3, 4].map((index) => look(index)));
    const first = await look(3, rederiver.memory);
    expect(first).toEqual(alone[0]);
    const second = await look(4, rederiver.memory);
    expect(second).toEqual(alone[1]);
    expect(second.logits).toBe(first.logits);
  });
});

describe('the memory of logits', () => {
  const row = (value: number) => new Float32Array(100).fill(value);

  test('stays within its budget and drops the least recently used rows', () => {
    const memory = new LogitMemory(1000);
    memory.put([1], row(1));
    memory.put([1, 2], row(2));
    expect(memory.get([1])![0]).toBe(1);
    memory.put([1, 3], row(3));
    expect([memory.bytes, memory.rows]).toEqual([800, 2]);
    expect(memory.along([1, 2]).map((kept) => kept?.[0] ?? null)).toEqual([1, null]);
    expect(memory.get([1, 3])![0]).toBe(3);
    expect(memory.get([9])).toBeNull();
    expect(memory.get([])).toBeNull();
    memory.clear();
    expect([memory.bytes, memory.get([1])]).toEqual([0, null]);
  });

  test('keeps a single row larger than the budget, and counts a row put twice once', () => {
    const memory = new LogitMemory(10);
    memory.put([1], row(1));
    memory.put([2], row(2));
    memory.put([2], row(5));
    expect([memory.rows, memory.bytes, memory.get([2])![0]]).toEqual([1, 400, 5]);
  });

  test('lanes with equal tokens share their rows', async () => {
    const memory = new LogitMemory();
    await runScripted(
      { lanes: [lane(), lane(), lane()], stop: { maxTokens: 10, sequences: [] } },
      { memory },
    );
    // After the prompt and after each of the first nine tokens.
    expect(memory.rows).toBe(10);
  });

  test.each(['prefill', 'replay'] as const)(
    'rows that were dropped are computed again by %s',
    async (how) => {
      const engine = new ScriptedEngine();
      const full = new LogitMemory();
      const run = await runScripted({}, { memory: full, engine });
      const prompt = engine.tokenizer.encode('Once upon a time', { addSpecial: true });
      const tokens = [...prompt, ...run.result.branches[0]!.tokens.slice(0, -1)];
      const small = new LogitMemory(5 * engine.model.vocabularySize * 4);
      await runScripted({}, { memory: small, engine });
      expect(small.along(tokens, prompt.length - 1).filter((kept) => kept === null)).toHaveLength(19);
      const rows = await allRows(small.walk(engine.session, tokens, prompt.length - 1, how));
      expect(rows).toEqual(full.along(tokens, prompt.length - 1));
      expect(small.rows).toBe(5);
      expect(engine.session.usage.pagesUsed).toBe(0);
    },
  );
});

describe('scores of given tokens', () => {
  test('give each prompt token its logprob, rank and entropy', async () => {
    const memory = new LogitMemory();
    const { events, engine } = await runScripted({ scorePrompt: true }, { memory });
    const records = events.flatMap((event) => (event.type === 'prompt' ? event.records : []));
    const prompt = engine.tokenizer.encode('Once upon a time', { addSpecial: true });
    expect(records.map(({ token }) => token)).toEqual(prompt);
    expect(records[0]).toMatchObject({ rawLogprob: null, rank: null });
    for (let i = 1; i < prompt.length; i++) {
      const logits = memory.get(prompt.slice(0, i))!;
      const p = plainSoftmax(plainCandidates(logits));
      expect(records[i]!.rawLogprob).toBeCloseTo(Math.log(p[prompt[i]!]!), 10);
      expect(records[i]!.rank).toBe(p.filter((other) => other > p[prompt[i]!]!).length + 1);
    }
  });
});
