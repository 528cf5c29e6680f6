import { type ByteSource, EngineError } from '../contract.ts';
import { MAX_KEY_BYTES, MAX_METADATA_KEYS, MAX_TENSORS } from './header_bounds.ts';
import { HeaderCursor } from './header_cursor.ts';
import { Metadata, type MetadataValue } from './metadata.ts';
import { readMetadataValue, readText } from './metadata_value.ts';
import { readTensorTable, type TensorInfo } from './tensor_table.ts';

/** An opened GGUF file: its metadata, and where its tensors are. Weights stay in `source`. */
export interface GgufFile {
  readonly version: number;
  readonly metadata: Metadata;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly source: ByteSource;
}

/** What remains needed once the metadata has been read: where the tensors are. */
export type TensorFile = Pick<GgufFile, 'tensors' | 'source'>;

const MAGIC = 0x46554747; // "GGUF", little-endian

/**
 * Reads the header of a GGUF file, version 2 or 3, little-endian. The file is not trusted: each count and length is bounded
 * (header_bounds.ts), and every tensor is checked to be within the file and to overlap no other.
 * Source: ggml/docs/gguf.md.
 *
 * @throws EngineError `bad-file`, `unsupported-format`, and whatever `source.read` throws
 */
export async function openGguf(source: ByteSource, signal?: AbortSignal): Promise<GgufFile> {
  const cursor = new HeaderCursor(source, signal);
  const version = await readPreamble(cursor, source);

  await cursor.ensure(16, 'the counts of tensors and keys');
  const tensorCount = cursor.u64();
  const keyCount = cursor.u64();
  checkCount(source, 'tensors', tensorCount, MAX_TENSORS);
  checkCount(source, 'metadata keys', keyCount, MAX_METADATA_KEYS);

  const values = new Map<string, MetadataValue>();
  for (let i = 0; i < keyCount; i++) {
    const key = await readText(cursor, MAX_KEY_BYTES, source.name, `metadata key ${i + 1} of ${keyCount}`);
    if (values.has(key)) {
      throw new EngineError(
        'bad-file',
        `${source.name}: the key ${JSON.stringify(key.slice(0, 80))} appears twice; the file is damaged.`,
      );
    }
    values.set(key, await readMetadataValue(cursor, source.name, key));
  }

  const metadata = new Metadata(values, source.name);
  const tensors = await readTensorTable(cursor, source, tensorCount, metadata);
  return { version, metadata, tensors, source };
}

async function readPreamble(cursor: HeaderCursor, source: ByteSource): Promise<number> {
  if (source.size < 8) {
    throw new EngineError(
      'bad-file',
      `${source.name} is ${source.size} bytes long, too short for a GGUF file; please choose a .gguf model.`,
    );
  }
  await cursor.ensure(8, 'the magic number');
  if (cursor.u32() !== MAGIC) {
    throw new EngineError(
      'bad-file',
      `${source.name} does not begin with "GGUF", so it is not a GGUF model; please choose a .gguf file.`,
    );
  }
  const version = cursor.u32();
  if (version === 2 || version === 3) return version;
  const bigEndian = version !== 0 && (version & 0xffff) === 0;
  throw new EngineError(
    'bad-file',
    bigEndian
      ? `${source.name} is a big-endian GGUF file; only little-endian ones can be read, so please choose another conversion.`
      : `${source.name} is GGUF version ${version}; versions 2 and 3 can be read, so please convert it again with a current llama.cpp.`,
  );
}

function checkCount(source: ByteSource, what: string, count: number, bound: number): void {
  if (count <= bound) return;
  throw new EngineError(
    'bad-file',
    `${source.name} claims ${count} ${what}, more than the ${bound} that any model has; the file is damaged.`,
  );
}
