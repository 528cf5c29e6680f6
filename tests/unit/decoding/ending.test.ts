import { describe, expect, test } from 'vitest';
import { runDecoding } from '../../../src/decoding/decode.ts';
import type { RunSpec } from '../../../src/decoding/events.ts';
import { EngineError, type Engine } from '../../../src/engines/contract.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { neutralParams } from '../../../src/sampling/parameter_table.ts';
import { lane, runScripted } from './run_scripted.ts';

/** Makes every row that a prefill reports NaN. */
function brokenRows(): ScriptedEngine {
  const engine = new ScriptedEngine();
  const { session } = engine;
  const prefill = session.prefill.bind(session);
  session.prefill = (tokens, options = {}) => {
    const { onLogits } = options;
    if (!onLogits) return prefill(tokens, options);
    return prefill(tokens, {
      ...options,
      onLogits: (position, row) => onLogits(position, row.fill(NaN)),
    });
  };
  return engine;
}

const greedy = { strategy: { kind: 'greedy' } } as const;

describe('why a run ends', () => {
  test('a run ends at max tokens, and max tokens may be 0', async () => {
    const { result } = await runScripted({ ...greedy, stop: { maxTokens: 7, sequences: [] } });
    expect(result.branches[0]).toMatchObject({ reason: 'max-tokens', stopSequence: null });
    expect(result.branches[0]!.tokens).toHaveLength(7);
    const none = await runScripted({ ...greedy, stop: { maxTokens: 0, sequences: [] } });
    expect(none.result.branches[0]).toMatchObject({
      reason: 'max-tokens',
      tokens: [],
      text: '',
      perplexity: 1,
    });
  });

  test('the end-of-generation token is counted but is not part of the text', async () => {
    const { result, engine, records } = await runScripted({
      ...greedy,
      stop: { maxTokens: 500, sequences: [] },
    });
    const [branch] = result.branches;
    expect(branch!.reason).toBe('end-of-generation');
    expect(engine.tokenizer.endOfGeneration.has(branch!.tokens.at(-1)!)).toBe(true);
    expect(branch!.text).not.toContain('<');
    expect(records.at(-1)).toMatchObject({ piece: '', visible: branch!.text.length });
    const on = await runScripted({
      ...greedy,
      stop: { maxTokens: branch!.tokens.length + 5, sequences: [], ignoreEndOfGeneration: true },
    });
    expect(on.result.branches[0]!.reason).toBe('max-tokens');
  });

  test('no record shows part of a stop sequence that spans tokens', async () => {
    const free = await runScripted({ ...greedy, stop: { maxTokens: 30, sequences: [] } });
    const text = free.result.branches[0]!.text;
    // From the middle of one word to the middle of the third after it.
    const words = [...text.matchAll(/ \w+/g)];
    const from = words[5]!.index + 2;
    const sequence = text.slice(from, words[8]!.index + 3);
    const { result, records } = await runScripted({
      ...greedy,
      stop: { maxTokens: 30, sequences: [sequence] },
    });
    expect(result.branches[0]).toMatchObject({ reason: 'stop-sequence', stopSequence: sequence });
    expect(result.branches[0]!.text).toBe(text.slice(0, text.indexOf(sequence)));
    for (const { visible } of records) expect(visible).toBeLessThanOrEqual(text.indexOf(sequence));
  });

  test('a full context ends the run at the last position, and refuses a prompt that does not fit', async () => {
    const engine = new ScriptedEngine({ contextLength: 12 });
    const { result } = await runScripted({ ...greedy, stop: { maxTokens: 99, sequences: [] } }, { engine });
    expect(result.branches[0]!.reason).toBe('context-full');
    const prompt = engine.tokenizer.encode('Once upon a time', { addSpecial: true });
    expect(prompt.length + result.branches[0]!.tokens.length).toBe(12);
    await expect(runScripted({ prompt: new Array(13).fill(300) }, { engine })).rejects.toThrow(
      /prompt has 13 tokens and the context holds 12/,
    );
  });

  test('a run that the user stops returns the tokens so far', async () => {
    const stop = new AbortController();
    const { result, engine } = await runScripted(
      {
        lanes: [lane(), lane({ seed: 1 })],
        stop: { maxTokens: 1000, sequences: [], ignoreEndOfGeneration: true },
      },
      {
        signal: stop.signal,
        onEvent: (event) => {
          if (event.type === 'step' && event.records[0]!.position > 20) stop.abort();
        },
      },
    );
    for (const branch of result.branches) {
      expect(branch.reason).toBe('stopped');
      expect(branch.tokens.length).toBeGreaterThan(10);
      expect(branch.text.length).toBeGreaterThan(10);
    }
    expect(result.error).toBeNull();
    expect(engine.session.usage.pagesUsed).toBe(0);
  });

  test('a run can be stopped during the prefill, or before it', async () => {
    const { result, engine } = await runScripted({}, { signal: AbortSignal.abort() });
    expect([result.branches, result.error]).toEqual([[], null]);
    expect(engine.session.usage.pagesUsed).toBe(0);
  });

  test('a timer can stop a run on an engine that never waits', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 60);
    const { result } = await runScripted(
      { stop: { maxTokens: 1_000_000, sequences: [], ignoreEndOfGeneration: true } },
      { signal: stop.signal, engine: new ScriptedEngine({ contextLength: 1e6, pagesTotal: 1e6 }) },
    );
    expect(result.branches[0]!.reason).toBe('stopped');
  });
});

describe('failures', () => {
  /** The scripted engine with a session whose step fails, or gives NaN, at a step. */
  function failing(at: number, how: 'throw' | 'nan'): Engine {
    const engine = new ScriptedEngine();
    const { session } = engine;
    const step = session.step.bind(session);
    let steps = 0;
    session.step = async (entries) => {
      if (++steps === at && how === 'throw') throw new EngineError('device-lost', 'The GPU was lost.');
      const rows = await step(entries);
      if (steps === at) rows[0]![37] = NaN;
      return rows;
    };
    return engine;
  }

  test('when the engine fails, the text so far is kept and the error reported', async () => {
    const { result, engine } = await runScripted(
      { lanes: [lane(), lane()] },
      { engine: failing(6, 'throw') },
    );
    expect(result.error).toEqual({ code: 'device-lost', message: 'The GPU was lost.' });
    for (const branch of result.branches) {
      expect(branch.reason).toBe('error');
      expect(branch.tokens).toHaveLength(6);
    }
    expect(engine.session.usage.pagesUsed).toBe(0);
  });

  test('a lane with bad logits ends with the reason, and the others go on', async () => {
    const { result } = await runScripted({ lanes: [lane(), lane()] }, { engine: failing(6, 'nan') });
    expect(result.branches.map(({ reason }) => reason)).toEqual(['error', 'max-tokens']);
    expect(result.error!.code).toBe('bad-logit');
    expect(result.error!.message).toMatch(/token 37 at position 11 is NaN/);
  });

  test('a run reports that memory ran out', async () => {
    const engine = new ScriptedEngine({ pagesTotal: 4 });
    const { result } = await runScripted(
      { ...greedy, stop: { maxTokens: 200, sequences: [], ignoreEndOfGeneration: true } },
      { engine },
    );
    expect(result.error!.code).toBe('out-of-memory');
    expect(result.branches[0]!.tokens.length).toBeGreaterThan(40);
    expect(engine.session.usage.pagesUsed).toBe(0);
  });

  test('specifications that cannot be run are refused before the model runs', async () => {
    const engine = new ScriptedEngine();
    const bad: [Partial<RunSpec>, RegExp][] = [
      [{ prompt: [] }, /prompt is empty/],
      [{ prompt: [99_999] }, /Token 99999 is not in the vocabulary/],
      [{ lanes: [] }, /no lane to run/],
      [{ lanes: [lane({ topP: 2 })] }, /Top-p is 2/],
      [{ stop: { maxTokens: -1, sequences: [] } }, /Max tokens is -1/],
      [{ strategy: { kind: 'beam', width: 0, lengthPenalty: 1 } }, /beam width is 0/],
      [{ strategy: { kind: 'beam', width: 2, lengthPenalty: NaN } }, /length penalty is NaN/],
      [{ strategy: { kind: 'best-of-n', n: 1.5, score: { kind: 'shortest' } } }, /number of samples is 1.5/],
      [
        { strategy: { kind: 'first-valid', n: 2, verifier: { kind: 'regex', pattern: '(' } } },
        /regular expression "\(" cannot be read/,
      ],
      [
        { strategy: { kind: 'beam', width: 2, lengthPenalty: 1 }, lanes: [lane(), lane()] },
        /Beam search takes one lane, not 2/,
      ],
    ];
    for (const [change, message] of bad)
      await expect(runScripted(change, { engine })).rejects.toThrow(message);
    expect(engine.session.usage.pagesUsed).toBe(0);
  });

  test('a single lane needs no fork, with or without a prefix', async () => {
    const host = new ScriptedEngine();
    host.session.fork = () => {
      throw new EngineError('not-supported', 'This engine cannot fork.');
    };
    const alone = await runScripted({}, { engine: host });
    const prefix = alone.result.branches[0]!.tokens.slice(0, 4);
    const rest = await runScripted({ lanes: [{ ...lane(), prefix }], scorePrompt: true }, { engine: host });
    expect(rest.result.branches[0]!.tokens.slice(0, 24)).toEqual(alone.result.branches[0]!.tokens);
    expect(host.session.usage.pagesUsed).toBe(0);
  });

  test('refuses an engine that gives less than the strategy needs', async () => {
    const engine = new ScriptedEngine();
    const poor: Engine = {
      ...engine,
      describe: () => engine.describe(),
      dispose: () => engine.dispose(),
      capabilities: { ...engine.capabilities, fork: false },
    };
    const spec: RunSpec = {
      prompt: [0],
      strategy: { kind: 'sample' },
      lanes: [{ params: neutralParams() }, { params: neutralParams() }],
      stop: { maxTokens: 3, sequences: [] },
    };
    await expect(runDecoding(poor, spec)).rejects.toThrow(/cannot fork/);
    const short: Engine = {
      ...poor,
      capabilities: { ...engine.capabilities, logits: 'top-n', maxLogprobs: 20 },
    };
    await expect(runDecoding(short, spec)).rejects.toThrow(/only the 20 most likely/);
  });
});

test('when a chain fails on the tokens of the prefix, all sequences are released', async () => {
  const engine = brokenRows();
  const lanes = [lane(), { ...lane({ mirostat: 2 }), prefix: [300, 301] }, lane()];
  const { result } = await runScripted({ lanes }, { engine });
  expect(result.error).toMatchObject({ code: 'bad-logit' });
  expect(engine.session.usage.pagesUsed).toBe(0);
});
