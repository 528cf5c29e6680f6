import type { Engine } from '../../engines/contract.ts';
import type { ConformanceRow } from './report.ts';

const PROMPT = 64;
const STEPS = 16;
/** Steps before the measured ones. The first compiles and tests the pipelines of a new batch size. */
const WARM = 2;

/** Median milliseconds of a prefill and of decoding one text and eight. They compare this browser with itself. */
export async function benchRows(engine: Engine): Promise<ConformanceRow[]> {
  const { session, capabilities } = engine;
  const token = (i: number) => 300 + ((i * 37) % 500);
  const row = (name: string, detail: string): ConformanceRow => ({
    group: 'speed',
    name,
    outcome: 'info',
    detail,
  });
  const prefills: number[] = [];
  for (let run = 0; run < 3; run++) {
    // Each prompt begins differently, so none of it is in the cache.
    const tokens = Array.from({ length: PROMPT }, (_, i) => token(1000 * run + i));
    const start = performance.now();
    const { sequence } = await session.prefill(tokens);
    prefills.push(performance.now() - start);
    session.release(sequence);
  }
  const prefill = median(prefills);
  const rows = [row(`Prefill of ${PROMPT} tokens`, `${prefill.toFixed(1)} ms`)];
  for (const batch of [1, Math.min(8, capabilities.maxBatch)]) {
    const ms = await decodeMs(engine, batch, token);
    const rate = `${((1000 * batch) / ms).toFixed(0)} tokens per second`;
    rows.push(
      row(
        batch === 1 ? 'Decoding one text' : `Decoding ${batch} texts`,
        `${ms.toFixed(1)} ms per step, ${rate}`,
      ),
    );
  }
  return rows;
}

async function decodeMs({ session }: Engine, batch: number, token: (i: number) => number): Promise<number> {
  const { sequence } = await session.prefill(Array.from({ length: 8 }, (_, i) => token(5000 + i)));
  const sequences = Array.from({ length: batch }, () => session.fork(sequence));
  const times: number[] = [];
  for (let step = 0; step < WARM + STEPS; step++) {
    const start = performance.now();
    await session.step(sequences.map((one, i) => ({ sequence: one, token: token(step + i) })));
    if (step >= WARM) times.push(performance.now() - start);
  }
  for (const one of [sequence, ...sequences]) session.release(one);
  return median(times);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
