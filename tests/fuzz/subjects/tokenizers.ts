/** Any text through every tokenizer: those of the random models, and published ones if they are present. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { nodeFileSource } from '../../../scripts/node_file.ts';
import type { Tokenizer } from '../../../src/engines/contract.ts';
import { openGguf } from '../../../src/engines/gguf/header.ts';
import { bufferSource } from '../../../src/engines/gguf/sources.ts';
import { createTokenizer } from '../../../src/engines/tokenizer/tokenizer.ts';
import { makeModel } from '../../models/make_model.ts';
import { TINY } from '../../unit/gguf/small_files.ts';
import type { Chance } from '../chance.ts';
import { hold, type Subject } from '../subject.ts';

const PIECES = [
  'the',
  ' the',
  ' ',
  '   ',
  '\n\n',
  '\r\n',
  '<s>',
  '</s>',
  '<|im_end|>',
  '<|eot_id|>',
  '▁',
  "'s",
  '42',
  '1234567',
  'été',
  '🙂‍↔️',
  'नमस्ते',
  '한국어',
  '漢字',
];

interface Input {
  /** A tokenizer by number: first the made ones, then the published ones. */
  readonly tokenizer: number;
  readonly text: string;
}

interface Named {
  readonly name: string;
  readonly tokenizer: Tokenizer;
  /** Sentencepiece does not distinguish a space from its own sign for one. */
  readonly sentencepiece: boolean;
}

export async function tokenizers(): Promise<Subject<Input>> {
  const all = [...(await madeOnes()), ...(await publishedOnes())];
  return {
    name: 'tokenizers',
    // Each gets the same number of texts.
    cases: 200_000 * all.length,
    few: 1000,
    generate: (chance) => ({ tokenizer: chance.below(all.length), text: anyText(chance) }),
    judge: ({ tokenizer, text }) => {
      judgeText(all[tokenizer]!, text);
      return 'accepted';
    },
  };
}

function anyText(chance: Chance): string {
  const piece = (): string => (chance.oneIn(2) ? chance.pick(PIECES) : chance.letter());
  if (chance.oneIn(500)) return piece().repeat(chance.below(3000));
  return chance.several(0, 40, piece).join('');
}

function judgeText({ name, tokenizer, sentencepiece }: Named, text: string): void {
  const { bos } = tokenizer;
  const ids = tokenizer.encode(text, { addSpecial: true });
  if (sentencepiece && ids[0] !== bos) ids.unshift(bos!);
  const wellFormed = text.toWellFormed();
  const expected = sentencepiece ? wellFormed.replaceAll('▁', ' ') : wellFormed;
  const whole = tokenizer.decode(ids);
  hold(whole === expected, `${name} gives ${JSON.stringify(whole.slice(0, 200))}`);
  const decoder = tokenizer.decoder();
  const streamed = ids.map((id) => decoder.push(id)).join('') + decoder.end();
  hold(streamed === whole, `${name} streams another text`);
  for (const id of tokenizer.encode(text, { parseSpecial: true })) {
    hold(id >= 0 && id < tokenizer.vocabularySize, `${name} gives token ${id}`);
  }
}

function madeOnes(): Promise<Named[]> {
  return Promise.all(
    (['llama', 'qwen2', 'gpt2'] as const).map(async (architecture) => {
      const bytes = makeModel({ ...TINY, architecture, format: 'F32', kvHeads: 2, vocabularySize: 400 });
      const { metadata } = await openGguf(bufferSource(architecture, bytes));
      return {
        name: `made for ${architecture}`,
        tokenizer: createTokenizer(metadata),
        sentencepiece: architecture === 'llama',
      };
    }),
  );
}

/** Large published files, if they are present (see CONTRIBUTING.md). */
async function publishedOnes(): Promise<Named[]> {
  const folder = resolve(process.env['LOGITSCOPE_SHARED'] ?? '../shared', 'vocab');
  if (!existsSync(folder)) return [];
  return Promise.all(
    ['llama-spm', 'gpt-2', 'llama-bpe', 'qwen2'].map(async (name) => {
      const source = await nodeFileSource(resolve(folder, `${name}.gguf`));
      const tokenizer = createTokenizer((await openGguf(source)).metadata);
      await source.close();
      return { name, tokenizer, sentencepiece: name === 'llama-spm' };
    }),
  );
}
