/** Shapes of published models, for timing with random weights. */
import { BLOCK_FORMATS, type BlockFormat } from '../../src/engines/gguf/block_formats.ts';
import type { ModelSpec } from '../models/make_model.ts';
import { formatFor } from './random_source.ts';

type Shape = Omit<ModelSpec, 'seed' | 'format' | 'formats'>;

const SHAPES = {
  'smollm2-135m': {
    architecture: 'llama',
    vocabularySize: 49_152,
    contextLength: 2048,
    layers: 30,
    embeddingLength: 576,
    feedForwardLength: 1536,
    heads: 9,
    kvHeads: 3,
    ropeBase: 100_000,
    tied: true,
  },
  'qwen2.5-0.5b': {
    architecture: 'qwen2',
    vocabularySize: 151_936,
    contextLength: 2048,
    layers: 24,
    embeddingLength: 896,
    feedForwardLength: 4864,
    heads: 14,
    kvHeads: 2,
    ropeBase: 1_000_000,
    tied: true,
  },
} as const satisfies Record<string, Shape>;

/** @throws Error that lists the shapes and formats, if there is no such one */
export function specOf(shapeName: string, formatName: string): ModelSpec {
  if (!(shapeName in SHAPES)) {
    throw new Error(`There is no shape "${shapeName}"; there are ${Object.keys(SHAPES).join(', ')}.`);
  }
  if (!(formatName in BLOCK_FORMATS)) {
    throw new Error(
      `There is no format "${formatName}"; there are ${Object.keys(BLOCK_FORMATS).join(', ')}.`,
    );
  }
  const shape: Shape = SHAPES[shapeName as keyof typeof SHAPES];
  const wanted = formatName as BlockFormat;
  const narrow = formatFor(wanted, shape.embeddingLength);
  const wide = formatFor(wanted, shape.feedForwardLength);
  return { ...shape, seed: 1, format: narrow, formats: { 'ffn_down.weight': wide } };
}
