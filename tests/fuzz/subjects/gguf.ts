/** Damaged GGUF files, from the header to the tokenizer. */
import { BLOCK_FORMATS } from '../../../src/engines/gguf/block_formats.ts';
import { openGguf } from '../../../src/engines/gguf/header.ts';
import { HEADER_CHUNK_BYTES } from '../../../src/engines/gguf/header_bounds.ts';
import { bufferSource } from '../../../src/engines/gguf/sources.ts';
import { readConfig } from '../../../src/engines/webgpu/model/config.ts';
import { createTokenizer } from '../../../src/engines/tokenizer/tokenizer.ts';
import { writeGguf, type WrittenValue } from '../../models/gguf_writer.ts';
import { metadataOf, type ModelSpec, tensorsOf } from '../../models/make_model.ts';
import { CountingSource, TINY } from '../../unit/gguf/small_files.ts';
import type { Chance } from '../chance.ts';
import { mutatedBytes, mutatedText } from '../mutate.ts';
import { hold, type Outcome, type Subject } from '../subject.ts';
import { CHAT_TEMPLATES, TEMPLATE_PIECES } from './templates.ts';

const SPECS: readonly ModelSpec[] = [
  TINY,
  { ...TINY, architecture: 'qwen2', version: 2, seed: 2 },
  { ...TINY, architecture: 'gpt2', format: 'F32', kvHeads: 2, seed: 3 },
];
const ODD_NUMBERS = [0, -1, 1e-45, -1e-5, 0.5, 1e30, 3, 127, 1e9, NaN, Infinity];

export async function gguf(): Promise<Subject<Uint8Array>> {
  const models = await Promise.all(
    SPECS.map(async (spec, i) => {
      const metadata = metadataOf(spec);
      metadata.set('tokenizer.chat_template', { type: 'string', value: CHAT_TEMPLATES[i]! });
      const tensors = tensorsOf(spec);
      const bytes = writeGguf(spec.version ?? 3, metadata, tensors);
      const placed = (await openGguf(bufferSource('whole.gguf', bytes))).tensors.values();
      return {
        spec,
        metadata,
        tensors,
        bytes,
        header: Math.min(...Array.from(placed, ({ offset }) => offset)),
      };
    }),
  );
  return {
    name: 'gguf',
    cases: 100_000,
    few: 800,
    generate: (chance) => {
      const { spec, metadata, tensors, bytes, header } = chance.pick(models);
      if (chance.oneIn(2)) return mutatedBytes(bytes, header, chance);
      const changed = new Map(metadata);
      for (let n = chance.below(3); n >= 0; n--) {
        const key = chance.pick([...metadata.keys()]);
        const value = changed.get(key);
        if (!value || chance.oneIn(8)) changed.delete(key);
        else changed.set(key, mutatedValue(value, chance));
      }
      return writeGguf(spec.version ?? 3, changed, tensors);
    },
    judge: async (bytes): Promise<Outcome> => {
      const source = new CountingSource(bytes);
      const file = await openGguf(source);
      hold(source.largestRead <= HEADER_CHUNK_BYTES, 'it is read in chunks');
      hold(source.totalRead <= 2 * source.size + HEADER_CHUNK_BYTES, 'nothing is read many times');
      for (const { offset, byteLength, shape, format } of file.tensors.values()) {
        hold(offset + byteLength <= source.size, 'tensors lie in the file');
        const weights = shape.reduce((product, length) => product * length, 1);
        const layout = BLOCK_FORMATS[format];
        hold(
          byteLength === (weights / layout.elements) * layout.bytes,
          'tensors are as long as their shape says',
        );
      }
      const { epsilon, ropeBase, ropeScale, layers, headDim } = readConfig(file);
      for (const one of [epsilon, ropeBase, ropeScale, layers, headDim]) {
        hold(one > 0 && Number.isFinite(one), `${one} is no number to compute with`);
      }
      const tokenizer = createTokenizer(file.metadata);
      tokenizer.decode(tokenizer.encode('the letters é <s>', { addSpecial: true, parseSpecial: true }));
      if (tokenizer.hasChatTemplate) tokenizer.encodeChat([{ role: 'user', content: 'the letters' }]);
      return 'accepted';
    },
    show: (bytes) => `${bytes.length} bytes`,
  };
}

function mutatedValue(value: WrittenValue, chance: Chance): WrittenValue {
  if (chance.oneIn(10)) return { type: 'f32', value: chance.pick(ODD_NUMBERS) };
  if (chance.oneIn(10)) return { type: 'string', value: chance.letter().repeat(chance.below(5000)) };
  switch (value.type) {
    case 'string':
      return { ...value, value: mutatedText(value.value, TEMPLATE_PIECES, chance) };
    case 'bool':
      return { ...value, value: !value.value };
    case 'strings':
    case 'f32s':
    case 'i32s':
    case 'u32s': {
      const list: (string | number)[] = [...value.value];
      for (let n = chance.below(6); n >= 0; n--) {
        const at = chance.below(list.length);
        if (chance.oneIn(4)) list.splice(at, 1);
        else if (value.type !== 'strings') list[at] = chance.below(10) - 2;
        else
          list[at] = chance.oneIn(2)
            ? String(list[chance.below(list.length)])
            : chance.letter().repeat(chance.below(9));
      }
      return { type: value.type, value: list } as WrittenValue;
    }
    case 'f32':
    case 'f64':
      return { ...value, value: chance.pick(ODD_NUMBERS) };
    default:
      return { ...value, value: chance.below(chance.pick([3, 300, 2 ** 31])) };
  }
}
