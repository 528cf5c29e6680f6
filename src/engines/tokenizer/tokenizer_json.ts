/**
 * Converts a tokenizer.json of the Transformers library (byte-level BPE) to the metadata of a GGUF file, so that one tokenizer
 * serves both. The mapping is that of llama.cpp's convert_hf_to_gguf.py, padding entries included.
 */
import * as v from 'valibot';
import { EngineError } from '../contract.ts';
import { Metadata, type MetadataValue } from '../gguf/metadata.ts';

const id = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2_000_000));

const tokenizerSchema = v.object({
  model: v.object({
    type: v.optional(v.literal('BPE')),
    vocab: v.record(v.string(), id),
    merges: v.union([v.array(v.string()), v.array(v.tuple([v.string(), v.string()]))]),
  }),
  added_tokens: v.optional(
    v.array(v.object({ id, content: v.string(), special: v.optional(v.boolean(), false) })),
    [],
  ),
});

/** A special token is given as its text, or as an object that holds it. */
const named = v.optional(v.nullable(v.union([v.string(), v.object({ content: v.string() })])));

const configSchema = v.object({
  bos_token: named,
  eos_token: named,
  add_bos_token: v.optional(v.boolean()),
  chat_template: v.optional(
    v.nullable(v.union([v.string(), v.array(v.object({ name: v.string(), template: v.string() }))])),
  ),
});

/** Numbers of llama.cpp's `llama_token_type`. */
const NORMAL = 1;
const CONTROL = 3;
const USER_DEFINED = 4;
const UNUSED = 5;

export interface TokenizerFiles {
  /** tokenizer.json, parsed. */
  readonly tokenizer: unknown;
  /** tokenizer_config.json, parsed. */
  readonly config: unknown;
  /** Number of logits; entries that the vocabulary lacks are padding. */
  readonly vocabularySize: number;
  /** How text is cut into words, under the name that GGUF files use. */
  readonly preTokenizer: string;
  /** For messages. */
  readonly name: string;
}

/** @throws EngineError `unsupported-tokenizer` */
export function tokenizerMetadata(files: TokenizerFiles): Metadata {
  const { name, vocabularySize, preTokenizer } = files;
  const tokenizer = v.safeParse(tokenizerSchema, files.tokenizer);
  const config = v.safeParse(configSchema, files.config);
  if (!tokenizer.success) throw unreadable(name, 'tokenizer.json', v.getDotPath(tokenizer.issues[0]));
  if (!config.success) throw unreadable(name, 'tokenizer_config.json', v.getDotPath(config.issues[0]));
  const { model, added_tokens } = tokenizer.output;
  const texts = Array.from({ length: vocabularySize }, (_, token) => `[PAD${token}]`);
  const types = Array<number>(vocabularySize).fill(UNUSED);
  const ids = new Map<string, number>();
  const put = (text: string, token: number, type: number): void => {
    if (token >= vocabularySize) {
      throw unreadable(name, 'tokenizer.json', `token ${token} beyond the ${vocabularySize} logits`);
    }
    texts[token] = text;
    types[token] = type;
    ids.set(text, token);
  };
  for (const [text, token] of Object.entries(model.vocab)) put(text, token, NORMAL);
  for (const { content, id: token, special } of added_tokens) {
    put(content, token, special ? CONTROL : USER_DEFINED);
  }
  const values = new Map<string, MetadataValue>([
    ['tokenizer.ggml.model', 'gpt2'],
    ['tokenizer.ggml.pre', preTokenizer],
    ['tokenizer.ggml.tokens', texts],
    ['tokenizer.ggml.token_type', types],
    [
      'tokenizer.ggml.merges',
      model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' '))),
    ],
  ]);
  const { bos_token, eos_token, add_bos_token, chat_template } = config.output;
  const special = (token: typeof bos_token): number | undefined =>
    token === null || token === undefined
      ? undefined
      : ids.get(typeof token === 'string' ? token : token.content);
  const set = (key: string, value: MetadataValue | undefined): void => {
    if (value !== undefined) values.set(`tokenizer.${key}`, value);
  };
  set('ggml.bos_token_id', special(bos_token));
  set('ggml.eos_token_id', special(eos_token));
  set('ggml.add_bos_token', add_bos_token);
  set(
    'chat_template',
    typeof chat_template === 'string'
      ? chat_template
      : chat_template?.find((entry) => entry.name === 'default')?.template,
  );
  return new Metadata(values, `tokenizer.json of ${name}`);
}

function unreadable(name: string, file: string, what: string | null): EngineError {
  return new EngineError(
    'unsupported-tokenizer',
    `${file} of ${name} cannot be read here (${what ?? 'its form'}); choose another model.`,
  );
}
