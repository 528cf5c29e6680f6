/** A GGUF file on the CPU: read and described as for the GPU, but run by llama.cpp. */
import type { ByteSource, Engine, LoadOptions, ModelInfo } from '../contract.ts';
import { describeFile } from '../gguf/describe.ts';
import { type GgufFile, openGguf } from '../gguf/header.ts';
import { createTokenizer } from '../tokenizer/tokenizer.ts';

/** Longest context offered: the same as our own engine's. */
const MAX_CONTEXT = 4096;
/** Bytes read at a time from a source that is not a file. */
const PART_BYTES = 16 * 1024 * 1024;

/**
 * @param blob the same bytes as `source`, if they are available as a file
 * @throws EngineError says in one sentence what is wrong with the file, the machine or the network
 */
export async function openWllama(
  source: ByteSource,
  blob: Blob | null,
  { signal, onProgress }: LoadOptions,
): Promise<Engine> {
  onProgress({ stage: 'header', loadedBytes: 0, totalBytes: source.size });
  const file = await openGguf(source, signal);
  onProgress({ stage: 'tokenizer', loadedBytes: 0, totalBytes: source.size });
  const tokenizer = createTokenizer(file.metadata);
  const model = describeModel(file, tokenizer.vocabularySize);
  const { WllamaEngine } = await import('./engine.ts');
  return WllamaEngine.load({
    file: blob ?? (await wholeBlob(source, signal)),
    model,
    tokenizer,
    signal,
    onProgress,
  });
}

async function wholeBlob(source: ByteSource, signal: AbortSignal): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let offset = 0; offset < source.size; offset += PART_BYTES) {
    parts.push(await source.read(offset, Math.min(PART_BYTES, source.size - offset), signal));
  }
  return new Blob(parts);
}

/** Of any architecture, for llama.cpp runs more of them than our own engine. */
function describeModel(file: GgufFile, vocabularySize: number): ModelInfo {
  const { metadata, source } = file;
  const architecture = metadata.string('general.architecture');
  const number = (key: string, fallback?: number): number =>
    metadata.number(`${architecture}.${key}`, fallback);
  const layers = number('block_count');
  const embeddingLength = number('embedding_length');
  const heads = number('attention.head_count');
  const kvHeads = number('attention.head_count_kv', heads);
  const keyLength = number('attention.key_length', embeddingLength / heads);
  const valueLength = number('attention.value_length', keyLength);
  return {
    ...describeFile(file),
    name: metadata.string('general.name', source.name).slice(0, 200),
    architecture,
    vocabularySize,
    contextLength: Math.min(number('context_length'), MAX_CONTEXT),
    layers,
    embeddingLength,
    kvBytesPerToken: layers * kvHeads * (keyLength + valueLength) * 4,
  };
}
