import { expect, test } from 'vitest';
import type { LogitSummary } from '../../../src/engines/contract.ts';
import { loadWebGpuEngine } from '../../../src/engines/webgpu/engine.ts';
import { bufferSource } from '../../../src/engines/gguf/sources.ts';
import { makeModel } from '../../models/make_model.ts';
import { describeOnEachAdapter } from '../../setup/devices.ts';

const model = makeModel({
  seed: 11,
  architecture: 'llama',
  format: 'F32',
  vocabularySize: 307,
  contextLength: 128,
  layers: 2,
  embeddingLength: 64,
  feedForwardLength: 96,
  heads: 4,
  kvHeads: 2,
  tied: true,
});
const tokens = Array.from({ length: 39 }, (_, i) => (i * 37 + 5) % 307);

describeOnEachAdapter('summaries of logits', ({ gpu }) => {
  test('agree with plain f64 sums over the logits of the same positions', async () => {
    const engine = await loadWebGpuEngine(bufferSource('random', model), { gpu });
    const rows: Float32Array[] = [];
    await engine.session.prefill(tokens, { onLogits: (position, logits) => (rows[position] = logits) });
    const summaries: LogitSummary[] = [];
    const { logits } = await engine.session.prefill(tokens, {
      onSummary: (position, summary) => (summaries[position] = summary),
    });
    engine.dispose();

    expect(summaries).toHaveLength(tokens.length - 1);
    // The last row may come from another plan, alone instead of among fifteen.
    logits.forEach((logit, id) => expect(Math.abs(logit - rows.at(-1)![id]!)).toBeLessThan(1e-3));
    summaries.forEach((summary, position) => {
      const row = Array.from(rows[position]!);
      const highest = Math.max(...row);
      const sum = row.reduce((total, logit) => total + Math.exp(logit - highest), 0);
      const logNormaliser = highest + Math.log(sum);
      const entropy = row.reduce((h, l) => h - Math.exp(l - logNormaliser) * (l - logNormaliser), 0);
      const order = row.map((_, id) => id).sort((a, b) => row[b]! - row[a]! || a - b);
      expect(summary.logNormaliser).toBeCloseTo(logNormaliser, 4);
      expect(summary.entropy).toBeCloseTo(entropy, 4);
      expect(summary.top).toHaveLength(32);
      expect(summary.top.map(({ token }) => token)).toEqual(order.slice(0, 32));
      summary.top.forEach(({ token, logit }) => expect(logit).toBe(Math.fround(row[token]!)));
      const next = tokens[position + 1]!;
      expect(summary.next).toEqual({ token: next, logit: row[next], rank: order.indexOf(next) + 1 });
    });
  });
});
