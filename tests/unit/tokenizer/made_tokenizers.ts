import { openGguf } from '../../../src/engines/gguf/header.ts';
import type { Metadata } from '../../../src/engines/gguf/metadata.ts';
import { bufferSource } from '../../../src/engines/gguf/sources.ts';
import { tokenizerGolden } from '../../conformance/goldens.ts';
import { makeModel } from '../../models/make_model.ts';

/** The metadata of the small made-up vocabulary of an architecture. */
export async function smallMetadata(architecture: 'llama' | 'qwen2' | 'gpt2'): Promise<Metadata> {
  const bytes = makeModel(tokenizerGolden(architecture).spec);
  return (await openGguf(bufferSource(architecture, bytes))).metadata;
}
