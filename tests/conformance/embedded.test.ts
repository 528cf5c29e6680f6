/** Compares the model that comes with the page, as it is served, in our engine with llama.cpp. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeContinuation } from '../../src/decoding/continuation.ts';
import type { Engine } from '../../src/engines/contract.ts';
import { loadWebGpuEngine } from '../../src/engines/webgpu/engine.ts';
import { bufferSource } from '../../src/engines/gguf/sources.ts';
import embedded from '../../src/models/embedded.json' with { type: 'json' };
import { describeOnEachAdapter } from '../setup/devices.ts';
import { embeddedGolden, klBound, klDivergence } from './goldens.ts';

const golden = embeddedGolden();

test('the golden file belongs to the served model', () => {
  expect(golden.sha256, 'run "npm run embedded" in tests/reference').toBe(embedded.sha256);
});

describeOnEachAdapter('the embedded model', ({ gpu }) => {
  let engine: Engine;
  beforeAll(async () => {
    const bytes = readFileSync(`static/models/${embedded.fileName}`);
    engine = await loadWebGpuEngine(bufferSource(embedded.fileName, bytes), { gpu });
  });
  afterAll(() => engine.dispose());

  test.each(golden.cases)('gives llama.cpp’s tokens and distributions: $text', async (one) => {
    expect(engine.tokenizer.encode(one.text, { addSpecial: true })).toEqual(one.tokens);
    const seen = new Map<number, Float32Array>();
    const { sequence } = await engine.session.prefill(one.tokens, {
      onLogits: (position, row) => seen.set(position, row),
    });
    engine.session.release(sequence);
    for (const [position, logits] of Object.entries(one.logits)) {
      const divergence = klDivergence(logits, seen.get(Number(position))!);
      expect(divergence, `KL at position ${position}`).toBeLessThanOrEqual(klBound('Q8_0'));
      expect(divergence).toBeGreaterThan(-1e-9);
    }
  });

  test('its tokenizer decodes any encoded text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const { tokenizer } = engine;
        // This vocabulary puts a space before a text, so that the first word is tokenised like any other.
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text === '' ? '' : ` ${text}`);
      }),
      { numRuns: 500 },
    );
  });

  test('a continuation of any text decodes to the same text, without the added space', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const { tokenizer } = engine;
        expect(tokenizer.decode(encodeContinuation(text, tokenizer))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});
