/**
 * Makes the golden files of tests/conformance/golden with llama.cpp (CPU), from random models that are made here and
 * then deleted. Run it in this folder: `npm install --ignore-scripts && npm run golden`. It may be slow, because it runs only
 * when a model is added, and its output is committed.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Llama, type LlamaModel, getLlama } from 'node-llama-cpp';
import type { Golden, TokenizerGolden } from '../conformance/goldens.ts';
import { randomBits } from '../models/counter_rng.ts';
import { type ModelSpec, makeModel } from '../models/make_model.ts';
import { goldenModels } from './golden_models.ts';
import { logitsOf } from './llama_logits.ts';
import { TOKENIZER_TEXTS } from './tokenizer_texts.ts';

const GOLDEN_FOLDER = new URL('../conformance/golden/', import.meta.url);
const POSITIONS = 40;
/** The first, a middle and the last position. */
const KEPT = [0, 19, 39];

const llama = await getLlama({ gpu: false, build: 'never' });
const folder = await mkdtemp(join(tmpdir(), 'golden-'));
try {
  for (const [name, spec] of goldenModels()) {
    await withModel(spec, async (model, sha256) => {
      const tokens = Array.from(
        { length: POSITIONS },
        (_, i) => randomBits(spec.seed, 7, i) % spec.vocabularySize,
      );
      const golden: Golden = { name, spec, sha256, tokens, logits: await logitsOf(model, tokens, KEPT) };
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

async function save(name: string, golden: Golden | TokenizerGolden): Promise<void> {
  await writeFile(new URL(`${name}.json`, GOLDEN_FOLDER), `${JSON.stringify(golden)}\n`);
  console.log(name);
}
