/**
 * Makes tests/unit/sampling/golden/llama_cpp_survivors.json: the survivors of llama.cpp's own samplers on 200 steps of
 * stories260K (../shared/models). Run it in this folder when a case is added, and commit its output:
 * `npm install --ignore-scripts && npm run survivors`.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type ControlledEvaluateInputItem, type Token, getLlama } from 'node-llama-cpp';
import type { SurvivorGolden } from '../unit/sampling/survivor_golden.ts';

/** Options of node-llama-cpp. Its chain has the given ones of DRY, top-k, top-p, min-p, XTC, temperature. */
const CASES = {
  'top-k 8': { topK: 8 },
  'top-p .5': { topP: 0.5 },
  'top-p .95': { topP: 0.95 },
  'min-p .05': { minP: 0.05 },
  'min-p .3': { minP: 0.3 },
  'XTC .1': { xtc: { probability: 1, threshold: 0.1 } },
  'the default chain': { topK: 40, topP: 0.95, minP: 0.05, temperature: 0.8 },
};

const shared = resolve(process.env['LOGITSCOPE_SHARED'] ?? '../../../shared', 'models');
const { greedy_ids: ids } = JSON.parse(
  await readFile(resolve(shared, 'stories260K_greedy_reference.json'), 'utf8'),
) as { greedy_ids: number[] };

const llama = await getLlama({ gpu: false, build: 'never' });
const model = await llama.loadModel({ modelPath: resolve(shared, 'stories260K.gguf'), gpuLayers: 0 });
const cases: SurvivorGolden['cases'] = {};
for (const [name, options] of Object.entries(CASES)) {
  const context = await model.createContext({
    contextSize: 512,
    batchSize: 64,
    flashAttention: false,
    experimentalKvCacheKeyType: 'F32',
    experimentalKvCacheValueType: 'F32',
  });
  const inputs = ids.map((token): ControlledEvaluateInputItem => [
    token as Token,
    // Neutral except for the case. XTC and the draw need a seed.
    {
      generateNext: {
        probabilities: true,
        options: { temperature: 1, topK: 0, topP: 1, minP: 0, seed: 1, ...options },
      },
    },
  ]);
  const results = await context.getSequence().controlledEvaluate(inputs);
  cases[name] = results.map((result, step) => {
    const kept = [...(result?.next.probabilities?.keys() ?? [])].map(Number).sort((a, b) => a - b);
    if (kept.length === 0) throw new Error(`llama.cpp gave no probabilities at step ${step} of ${name}`);
    const removed = Array.from({ length: 512 }, (_, id) => id).filter((id) => !kept.includes(id));
    return removed.length < kept.length ? { removed } : { kept };
  });
  await context.dispose();
  console.log(name);
}
await model.dispose();
await llama.dispose();

const folder = new URL('../unit/sampling/golden/', import.meta.url);
await mkdir(folder, { recursive: true });
const golden: SurvivorGolden = { model: 'stories260K.gguf', cases };
await writeFile(new URL('llama_cpp_survivors.json', folder), `${JSON.stringify(golden)}\n`);
