/**
 * Runs a session over a device that fails or is lost at the n-th pass, or cannot be replaced, for every n. The result is a typed
 * error or the right numbers, never wrong ones. Afterwards the next action works, and no page leaks.
 */
import { describe, expect, test } from 'vitest';
import { EngineError, type SequenceId } from '../../../src/engines/contract.ts';
import { PAGE_TOKENS } from '../../../src/engines/webgpu/kernels/context.ts';
import type { ModelConfig } from '../../../src/engines/webgpu/model/config.ts';
import type { Pass, Runtime } from '../../../src/engines/webgpu/model/runtime.ts';
import { WebGpuSession } from '../../../src/engines/webgpu/model/session.ts';

const VOCABULARY = 16;
const config = { name: 'm', vocabularySize: VOCABULARY, layers: 2, kvHeads: 1, headDim: 4 } as ModelConfig;

/** A hash of a text in place of keys and values (FNV-1a). */
const next = (history: number, token: number) => Math.imul(history ^ (token + 1), 0x01000193);
const START = 0x811c9dc5;
const logitsOf = (history: number) => Float32Array.from({ length: VOCABULARY }, (_, i) => next(history, i));

type Fault = 'error' | 'lost' | 'lost, and gone';

/** The fault and its pass; passes are counted over all runtimes. */
class Weather {
  passes = 0;
  opened = 0;
  constructor(
    readonly fault: Fault | null,
    readonly at: number,
    readonly pages: number,
    readonly sameBits = false,
  ) {}

  open(): Promise<Runtime> {
    if (this.opened++ === 1 && this.fault === 'lost, and gone')
      return Promise.reject(new EngineError('no-adapter', 'This browser gives no other.'));
    return Promise.resolve(this.runtime());
  }

  /** The part of a runtime that a session uses, over pages that hold a hash of the text up to each position. */
  runtime(): Runtime {
    const memory = Array.from({ length: this.pages }, () => new Array<number>(PAGE_TOKENS).fill(NaN));
    let lost = false;
    const run = async ({ rows, outputs, tables, copies = [] }: Pass): Promise<Float32Array[]> => {
      await Promise.resolve();
      const fails = this.passes++ === this.at;
      if (fails && this.fault === 'error') throw new EngineError('device-error', 'The device failed.');
      if (lost || (fails && this.fault !== null)) {
        lost = true;
        throw new EngineError('device-lost', 'The device was lost.');
      }
      for (const [source, target] of copies) memory[target] = [...memory[source]!];
      const histories = rows.map(({ token, position, table }) => {
        const slot = (at: number) =>
          [tables[table]![Math.floor(at / PAGE_TOKENS)]!, at % PAGE_TOKENS] as const;
        const [page, at] = slot(position);
        const [before, beforeAt] = position > 0 ? slot(position - 1) : [0, 0];
        const own = next(position > 0 ? memory[before]![beforeAt]! : START, token);
        memory[page]![at] = own;
        return own;
      });
      return outputs.map((row) => logitsOf(histories[row]!));
    };
    const limits = { pages: this.pages, contextLength: 4096 };
    const runtime = { memory: limits, chunk: 32, sameBits: this.sameBits, destroy: () => undefined, run };
    return runtime as unknown as Runtime;
  }
}

async function open(weather: Weather): Promise<WebGpuSession> {
  return new WebGpuSession(config, await weather.open(), () => weather.open());
}

/** Acts like a person, who retries once after an error with a sentence. @returns the number of retries */
async function life(session: WebGpuSession): Promise<number> {
  let failed = 0;
  const persist = async <T>(action: () => Promise<T>): Promise<T> => {
    const [pages, texts] = [session.usage.pagesUsed, live.map((id) => [...session.tokens(id)])];
    try {
      return await action();
    } catch (error) {
      expect(error).toBeInstanceOf(EngineError);
      failed++;
      expect(
        live.map((id) => [...session.tokens(id)]),
        'an action that failed changes no text',
      ).toEqual(texts);
      expect(session.usage.pagesUsed).toBeLessThanOrEqual(pages + live.length);
      return await action();
    }
  };
  const live: SequenceId[] = [];
  const prefill = async (tokens: readonly number[], sequence?: SequenceId): Promise<SequenceId> => {
    const result = await persist(() => session.prefill(tokens, sequence === undefined ? {} : { sequence }));
    expect(result.logits).toEqual(logitsOf(session.tokens(result.sequence).reduce(next, START)));
    if (sequence === undefined) live.push(result.sequence);
    return result.sequence;
  };
  const step = async (...tokens: readonly number[]): Promise<void> => {
    const entries = tokens.map((token, i) => ({ sequence: live[i]!, token }));
    const results = await persist(() => session.step(entries));
    results.forEach((logits, i) =>
      expect(logits).toEqual(logitsOf(session.tokens(live[i]!).reduce(next, START))),
    );
  };

  const prompt = Array.from({ length: 70 }, (_, i) => (i * 7) % VOCABULARY);
  const first = await prefill(prompt);
  live.push(session.fork(first), session.fork(first, 40));
  await step(1, 2, 3);
  await step(4, 5, 6);
  await prefill([...prompt, 9, 9, 9]);
  await prefill([1, 2, 3, 4], live[2]);
  session.release(live.pop()!);
  await step(7, 7, 7);
  for (const id of live) session.release(id);
  live.length = 0;
  await prefill(prompt.slice(0, 65));
  await step(2);
  session.release(first);
  for (const id of live) session.release(id);
  expect(session.usage.pagesUsed).toBe(0);
  return failed;
}

describe('a session whose device fails at any pass', () => {
  test.each<[Fault, number]>([
    ['error', 1],
    ['lost', 0],
    ['lost, and gone', 1],
  ])('%s: reports the failure or goes on, and later logits are right', async (fault, times) => {
    const calm = new Weather(null, 0, 24);
    expect(await life(await open(calm))).toBe(0);
    expect(calm.passes).toBeGreaterThanOrEqual(10);
    for (let at = 0; at < calm.passes; at++)
      expect(await life(await open(new Weather(fault, at, 24))), `at pass ${at}`).toBe(times);
  });

  test('eight lanes over a long prompt go on after a device loss, and compute their shared prefix once', async () => {
    // 40 pages: the prompt takes 19, and eight copies of it 152.
    const weather = new Weather('lost', 20, 40);
    const session = await open(weather);
    const { sequence } = await session.prefill(Array.from({ length: 600 }, (_, i) => i % VOCABULARY));
    const lanes = [sequence, ...Array.from({ length: 7 }, () => session.fork(sequence))];
    const step = () => session.step(lanes.map((id, token) => ({ sequence: id, token })));
    await step();
    const used = session.usage.pagesUsed;
    expect(weather.passes).toBe(20);
    const rows = await step();
    expect(weather.opened).toBe(2);
    rows.forEach((row, i) => expect(row).toEqual(logitsOf(session.tokens(lanes[i]!).reduce(next, START))));
    expect(session.usage.pagesUsed).toBe(used);
    // The prompt once, one own token per lane, and the step twice.
    expect(weather.passes).toBeLessThan(20 + 20 + 8 + 2);
  });
});

test.each([
  [false, 40],
  [true, 45],
])(
  'a prompt reuses what steps wrote only where a step has the bits of a prompt: %s',
  async (same, reused) => {
    const session = await open(new Weather(null, 0, 24, same));
    const tokens = Array.from({ length: 50 }, (_, i) => (i * 5) % VOCABULARY);
    const { sequence } = await session.prefill(tokens.slice(0, 40));
    for (const token of tokens.slice(40, 45)) await session.step([{ sequence, token }]);
    session.release(sequence);
    const again = await session.prefill(tokens);
    expect(again.reused).toBe(reused);
    expect(again.logits).toEqual(logitsOf(tokens.reduce(next, START)));
  },
);
