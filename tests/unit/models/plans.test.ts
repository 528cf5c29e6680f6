import { describe, expect, it } from 'vitest';
import { bitsPerWeight, estimateMemory } from '../../../src/playground/memory_arithmetic.ts';
import { HUB_MODELS } from '../../../src/models/hub_models.ts';
import type { AdapterRoom } from '../../../src/engines/webgpu/browser/adapter_room.ts';
import { planModels } from '../../../src/worker/loading/model_plans.ts';

const roomy: AdapterRoom = { maxBufferSize: 2 ** 32, maxStorageBufferBindingSize: 2 ** 31, available: null };

describe('the arithmetic of the catalogue', () => {
  // Sizes in MB from the hub's file pages (huggingface.co, the file of each entry).
  it.each([
    ['smollm2-135m-instruct', 145],
    ['smollm2-135m', 105],
    ['gpt2', 178],
    ['smollm2-360m', 386],
    ['qwen2.5-0.5b', 531],
    ['qwen2.5-0.5b-instruct', 531],
    ['tinyllama', 668],
    ['llama-3.2-1b', 808],
    ['llama-3.2-1b-instruct', 808],
  ])('%s: tensors and vocabulary add up to the %i MB of its file', (id, listed) => {
    const planned = planModels(roomy, 4096).find(({ model }) => model.id === id)!;
    const megabytes = planned.fileBytes / 1e6;
    // The header is mostly the vocabulary, one to eight megabytes.
    expect(listed - megabytes).toBeGreaterThan(0.2);
    expect(listed - megabytes).toBeLessThan(8.5);
  });

  it.each([
    ['smollm2-135m', 134.5],
    ['smollm2-360m', 361.8],
    ['qwen2.5-0.5b', 494.0],
    ['qwen3-0.6b', 596.0],
    ['llama-3.2-1b', 1235.8],
    ['tinyllama', 1100.0],
  ])('%s has the parameters that its card says', (id, millions) => {
    const planned = planModels(roomy, 4096).find(({ model }) => model.id === id)!;
    expect(planned.parameters / 1e6).toBeCloseTo(millions, 0);
  });

  it('every entry has a plan on a large adapter, and a reason on a small one', () => {
    for (const { plan, problem, model, fileBytes } of planModels(roomy, 4096)) {
      expect(problem).toBeNull();
      expect(plan!.contextLength).toBe(Math.min(4096, model.shape.contextLength));
      // The engine's streams are about as long as the file's tensors.
      expect(plan!.weights / fileBytes).toBeGreaterThan(0.95);
      expect(plan!.weights / fileBytes).toBeLessThan(1.2);
    }
    const small: AdapterRoom = {
      maxBufferSize: 2 ** 28,
      maxStorageBufferBindingSize: 2 ** 27,
      available: 9e8,
    };
    const problems = new Map(planModels(small, 4096).map(({ model, problem }) => [model.id, problem]));
    expect(problems.get('smollm2-135m')).toBeNull();
    expect(problems.get('llama-3.2-1b')).toMatch(
      /it takes 1,\d\d\d MB, and this machine has about 900 MB for it/,
    );
    // One layer's keys of 128 k tokens are longer than a binding of 128 MB.
    const long = planModels(small, 131_072).find(({ model }) => model.id === 'llama-3.2-1b')!;
    expect(long.plan).toBeNull();
    expect(long.problem).toMatch(/binds at most 134,217,728 bytes .* please choose a context of at most/);
  });

  it('without an adapter there is no plan for the GPU, and a problem where the CPU cannot map the file', () => {
    for (const { plan, problem, fileBytes } of planModels(null, 4096)) {
      expect(plan).toBeNull();
      if (fileBytes < 2 ** 31) expect(problem).toBeNull();
      else expect(problem).toMatch(/no WebGPU adapter, and on the CPU a file may have 2 GB at most/);
    }
  });

  it('names every entry once, with a file that is a GGUF', () => {
    expect(new Set(HUB_MODELS.map(({ id }) => id)).size).toBe(HUB_MODELS.length);
    for (const { path, repository } of HUB_MODELS) {
      expect(path).toMatch(/\.gguf$/);
      expect(repository).toMatch(/^[\w.-]+\/[\w.-]+$/);
    }
  });

  it('has figures that the calculator agrees with', () => {
    const { plan, model, parameters } = planModels(roomy, 4096).find(
      (entry) => entry.model.id === 'qwen2.5-0.5b',
    )!;
    const { layers, kvHeads, headLength } = model.shape;
    const numbers = {
      parameters,
      bitsPerWeight: bitsPerWeight.Q8_0,
      layers,
      kvHeads,
      headLength,
      kvBytes: 4,
    };
    const estimate = estimateMemory({ ...numbers, context: 4096 });
    // Norms and biases are f32 in the file; they are a thousandth of it.
    expect(estimate.weights / plan!.weights).toBeCloseTo(1, 2);
    expect(estimate.kvPerToken).toBe(2 * 24 * 2 * 64 * 4);
    expect(estimate.kv).toBe(4096 * estimate.kvPerToken);
    expect(estimate.total).toBe(estimate.weights + estimate.kv);
  });
});
