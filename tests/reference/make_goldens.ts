/**
 * Makes the golden files of tests/conformance/golden with llama.cpp (CPU), from random models that are made here and
 * thrown away. Run in this folder: `npm install --ignore-scripts && npm run golden`. Slow answers are fine: it runs
 * when a model is added, and its output is committed.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Llama, type LlamaModel, type Token, getLlama } from 'node-llama-cpp';
import type { Golden, TokenizerGolden } from '../conformance/goldens.ts';
import { randomBits } from '../models/counter_rng.ts';
import { type ModelSpec, makeModel } from '../models/make_model.ts';
import { goldenModels } from './golden_models.ts';
import { TOKENIZER_TEXTS } from './tokenizer_texts.ts';

const GOLDEN_FOLDER = new URL('../conformance/golden/', import.meta.url);
const POSITIONS = 40;
/** The first, a middle and the last. */
const KEPT = [0, 19, 39];
/** Logits to 1e-4: rounding alone is worth a KL of 1e-9. */
const DIGITS = 4;

const llama = await getLlama({ gpu: false, build: 'never' });
const folder = await mkdtemp(join(tmpdir(), 'golden-'));
try {
  for (const [name, spec] of goldenModels()) {
    await withModel(spec, async (model, sha256) => {
      const tokens = Array.from(
        { length: POSITIONS },
        (_, i) => randomBits(spec.seed, 7, i) % spec.vocabularySize,
      );
      const golden: Golden = { name, spec, sha256, tokens, logits: await logitsOf(model, tokens) };
      await save(name, golden);
    });
  }
  for (const name of ['llama-f32', 'qwen2-f32', 'gpt2-f32']) {
    const spec = goldenModels().get(name)!;
    await withModel(spec, async (model) => {
      const cases = TOKENIZER_TEXTS.map((text) => ({
        text,
        plain: [...model.tokenize(text, false)],
        special: [...model.tokenize(text, true)],
      }));
      const golden: TokenizerGolden = { spec, cases };
      await save(`tokenizer-${spec.architecture}`, golden);
    });
  }
} finally {
  await rm(folder, { recursive: true });
  await llama.dispose();
}

async function withModel(
  spec: ModelSpec,
  use: (model: LlamaModel, sha256: string) => Promise<void>,
): Promise<void> {
  const bytes = makeModel(spec);
  const path = join(folder, 'model.gguf');
  await writeFile(path, bytes);
  const model = await (llama as Llama).loadModel({ modelPath: path, gpuLayers: 0 });
  await use(model, createHash('sha256').update(bytes).digest('hex'));
  await model.dispose();
}

/** The KV cache is kept in F32, so that the reference is the model itself; llama.cpp's default F16 costs a KL of 1e-6. */
async function logitsOf(model: LlamaModel, tokens: readonly number[]): Promise<Golden['logits']> {
  const context = await model.createContext({
    contextSize: 256,
    batchSize: 64,
    flashAttention: false,
    experimentalKvCacheKeyType: 'F32',
    experimentalKvCacheValueType: 'F32',
  });
  const results = await context
    .getSequence()
    .controlledEvaluate(
      tokens.map((token, i) =>
        KEPT.includes(i) ? [token as Token, { generateNext: { logits: true } }] : (token as Token),
      ),
    );
  const logits: Record<string, number[]> = {};
  for (const position of KEPT) {
    const found = results[position]?.next.logits;
    if (!found) throw new Error(`llama.cpp gave no logits at position ${position}`);
    logits[position] = Array.from({ length: found.size }, (_, id) =>
      Number(found.get(id as Token)!.toFixed(DIGITS)),
    );
  }
  await context.dispose();
  return logits;
}

async function save(name: string, golden: Golden | TokenizerGolden): Promise<void> {
  await writeFile(new URL(`${name}.json`, GOLDEN_FOLDER), `${JSON.stringify(golden)}\n`);
  console.log(name);
}
