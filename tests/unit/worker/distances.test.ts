import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EngineError } from '../../../src/engines/contract.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import type { TextEvent, RunRequest, SlotNumber } from '../../../src/worker/api/worker_api.ts';
import { distance, vocabularyDifference } from '../../../src/worker/texts/distances.ts';
import { WorkerHost } from '../../../src/worker/host.ts';

/** Softmax in plain f64. */
function probabilities(logits: readonly number[]): number[] {
  const weights = logits.map((logit) => Math.exp(logit));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

const logits = fc.array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: 2, maxLength: 50 });
const pair = logits.chain((p) =>
  fc.tuple(
    fc.constant(p),
    fc.array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: p.length, maxLength: p.length }),
  ),
);

describe('the distance of two distributions', () => {
  it('follows the definitions', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const p = probabilities(a);
        const q = probabilities(b);
        const kl = p.reduce((sum, x, i) => sum + (x > 0 ? x * Math.log(x / q[i]!) : 0), 0);
        const variation = p.reduce((sum, x, i) => sum + Math.abs(x - q[i]!), 0) / 2;
        const found = distance(Float32Array.from(a), Float32Array.from(b));
        expect(Math.abs(found.kl - kl)).toBeLessThan(1e-9 * Math.max(1, kl));
        expect(Math.abs(found.totalVariation - variation)).toBeLessThan(1e-9);
        expect(found.tops).toEqual([a.indexOf(Math.max(...a)), b.indexOf(Math.max(...b))]);
      }),
    );
  });

  it('satisfies Pinsker’s inequality, is 0 between equal logits, and ignores a common constant', () => {
    fc.assert(
      fc.property(pair, fc.integer({ min: -8, max: 8 }), ([a, b], shift) => {
        const p = Float32Array.from(a);
        const { kl, totalVariation } = distance(p, Float32Array.from(b));
        expect(2 * totalVariation ** 2).toBeLessThanOrEqual(kl + 1e-9);
        // Powers of two keep every bit of the sums that matter here.
        const shifted = distance(
          p,
          p.map((logit) => logit + shift),
        );
        expect(shifted.kl).toBeLessThan(1e-5);
        expect(distance(p, p)).toMatchObject({ kl: 0, totalVariation: 0 });
      }),
    );
  });

  it('is infinite where the second excludes what the first may draw', () => {
    const { kl, totalVariation } = distance(Float32Array.from([0, 0]), Float32Array.from([0, -Infinity]));
    expect(kl).toBe(Infinity);
    expect(totalVariation).toBeCloseTo(0.5, 12);
  });
});

it('vocabularies are the same if every id means the same', () => {
  const { tokenizer } = new ScriptedEngine();
  expect(vocabularyDifference(tokenizer, new ScriptedEngine().tokenizer)).toBeNull();
  const shorter = Object.create(tokenizer, { vocabularySize: { value: 7 } }) as typeof tokenizer;
  expect(vocabularyDifference(tokenizer, shorter)).toMatch(/tokens and the other 7/);
  const other = Object.create(tokenizer, {
    bytes: { value: (id: number) => (id === 20 ? new Uint8Array([1]) : tokenizer.bytes(id)) },
  }) as typeof tokenizer;
  expect(vocabularyDifference(tokenizer, other)).toMatch(/^Token 20 is “/);
});

describe('a second engine in the worker', () => {
  /** Opens the scripted engine; the second one adds `shift` to the logit of one token. */
  function host(shift: number): WorkerHost {
    let opened = 0;
    return new WorkerHost(() => {
      const engine = new ScriptedEngine();
      if (opened++ > 0) disturb(engine, shift);
      return Promise.resolve(engine);
    });
  }

  function disturb({ session }: ScriptedEngine, shift: number): void {
    const disturbed = (row: Float32Array): Float32Array =>
      row.map((logit, id) => (id === 12 ? logit + shift : logit));
    const prefill = session.prefill.bind(session);
    const step = session.step.bind(session);
    session.prefill = async (tokens, options = {}) => {
      const { onLogits } = options;
      const result = await prefill(tokens, {
        ...options,
        ...(onLogits ? { onLogits: (at: number, row: Float32Array) => onLogits(at, disturbed(row)) } : {}),
      });
      return { ...result, logits: disturbed(result.logits) };
    };
    session.step = async (entries) => (await step(entries)).map(disturbed);
  }

  async function both(shift: number) {
    const worker = host(shift);
    await worker.to(0).load({ kind: 'scripted' }, () => undefined);
    await worker.to(1).load({ kind: 'scripted' }, () => undefined);
    const { tokens } = await worker.to(1).tokenise({ kind: 'text', text: 'Once upon a time' });
    const request: RunRequest = {
      prompt: tokens.map(({ token }) => token),
      lanes: [{ text: 1, params: { ...defaultParams(), seed: 5, temperature: 1.2 }, stream: 0 }],
      strategy: { kind: 'sample' },
      stop: { maxTokens: 40, sequences: [] },
    };
    const drawn = async (slot: SlotNumber): Promise<number[]> => {
      const found: number[] = [];
      await worker.to(slot).run(request, (events: readonly TextEvent[]) => {
        for (const event of events) {
          if (event.type === 'steps') found.push(...event.steps.map(({ record }) => record.token));
        }
      });
      return found;
    };
    const first = await drawn(0);
    const second = await drawn(1);
    return { worker, first, second, distances: (await worker.distances(1))! };
  }

  it('draws the same text from the same logits, at distance 0', async () => {
    const { first, second, distances } = await both(0);
    expect(first.length).toBeGreaterThan(5);
    expect(second).toEqual(first);
    expect([...distances.kl]).toEqual(first.map(() => 0));
    expect(distances.secondTop).toEqual(distances.firstTop);
    expect(distances.secondLogprob).toEqual(distances.firstLogprob);
    expect(distances.firstLogprob).toHaveLength(first.length);
  });

  it('measures a changed logit at every position', async () => {
    const { distances } = await both(3);
    for (const [output, kl] of distances.kl.entries()) {
      // With one logit moved by s, KL = ln(1 + p (e^s − 1)) − p s, where p is that token's share.
      expect(kl).toBeGreaterThanOrEqual(0);
      const p = shareFrom(distances.firstLogprob[output]!, distances.secondLogprob[output]!, 3);
      if (p !== null) expect(kl).toBeCloseTo(Math.log(1 + p * (Math.exp(3) - 1)) - p * 3, 4);
    }
    expect(Math.max(...distances.kl)).toBeGreaterThan(0);
  });

  /** Computed from the loss of another token, whose logprob falls by ln(1 + p (e^s − 1)). */
  function shareFrom(first: number, second: number, shift: number): number | null {
    const fall = first - second;
    // This is the moved token itself.
    if (fall < 0) return null;
    return (Math.exp(fall) - 1) / (Math.exp(shift) - 1);
  }

  it('refuses what it cannot do in one sentence', async () => {
    const worker = host(0);
    await worker.to(0).load({ kind: 'scripted' }, () => undefined);
    const code = (error: EngineError): string => error.message;
    const server = { kind: 'server', baseUrl: 'http://localhost:1/v1', model: 'x', key: '' } as const;
    expect(
      await worker
        .to(1)
        .load(server, () => undefined)
        .catch(code),
    ).toMatch(/samples by itself/);
    expect(await worker.to(1).tokenise({ kind: 'text', text: 'x' }).catch(code)).toMatch(/No second model/);
    expect(await worker.distances(99)).toBeNull();
    await worker.to(1).close();
  });
});
