import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openGguf } from '../../../src/engines/gguf/header.ts';
import { bufferSource } from '../../../src/engines/gguf/sources.ts';
import { goldens, klBound, klDivergence } from '../../conformance/goldens.ts';
import { makeModel } from '../../models/make_model.ts';
import { plainForward, readPlainModel } from '../../reference/plain_forward.ts';

// The oracle itself must be compared with something that we did not write.
describe('the plain forward pass agrees with llama.cpp', () => {
  it.each(goldens().map((golden) => [golden.name, golden] as const))('%s', async (name, golden) => {
    const bytes = makeModel(golden.spec);
    expect(
      createHash('sha256').update(bytes).digest('hex'),
      'the model maker changed: make the goldens again',
    ).toBe(golden.sha256);
    const model = await readPlainModel(await openGguf(bufferSource(name, bytes)));
    const logits = plainForward(model, golden.tokens);
    for (const [position, reference] of Object.entries(golden.logits)) {
      expect(logits[Number(position)]).toHaveLength(reference.length);
      expect(deviation(reference), 'flat logits would prove nothing').toBeGreaterThan(1);
      const kl = klDivergence(reference, logits[Number(position)]!);
      if (process.env['PRINT_KL'])
        console.log(name, position, kl.toExponential(2), deviation(reference).toFixed(2));
      expect(kl).toBeLessThanOrEqual(klBound(golden.spec.format));
    }
  });
});

function deviation(values: readonly number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
}
