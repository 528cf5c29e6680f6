import { EngineError } from '../contract.ts';

/** How a family of models cuts text into words; byte pairs are merged only within a word. */
export interface PreTokenizer {
  /** Applied in turn: each cuts its matches out of the remaining pieces, and keeps the text in between. */
  readonly patterns: readonly RegExp[];
  /** A word that is itself a token becomes that token, whatever the merges say. */
  readonly ignoreMerges: boolean;
  /** BOS is prepended unless the file says otherwise. */
  readonly addBos: boolean;
}

// `\s` in the families' own patterns is Unicode's White_Space. JavaScript's `\s` differs in U+0085 and U+FEFF.
const S = String.raw`\p{White_Space}`;
const CONTRACTIONS = `'s|'t|'re|'ve|'m|'ll|'d`;
const CONTRACTIONS_ANY_CASE = `'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]`;
const LAST_SPACES = String.raw`${S}+(?!\P{White_Space})|${S}+`;
const UPPER = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const LOWER = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;

const GPT2 = String.raw`${CONTRACTIONS}| ?\p{L}+| ?\p{N}+| ?[^${S}\p{L}\p{N}]+|${LAST_SPACES}`;

/** The pattern of Llama 3 and of models derived from it; they differ in how many digits form a word. */
function llama3(digits: string): string {
  return String.raw`(?:${CONTRACTIONS_ANY_CASE})|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^${S}\p{L}\p{N}]+[\r\n]*|${S}*[\r\n]+|${LAST_SPACES}`;
}

/** The pattern of GPT-4o and of Mistral's Tekken: a capital begins a new word. */
function capitals(ending: string, digits: string): string {
  const before = String.raw`[^\r\n\p{L}\p{N}]?`;
  return String.raw`${before}${UPPER}*${LOWER}+${ending}|${before}${UPPER}+${LOWER}*${ending}|${digits}| ?[^${S}\p{L}\p{N}]+[\r\n/]*|${S}*[\r\n]+|${LAST_SPACES}`;
}

const THREE_DIGITS = String.raw`\p{N}{1,3}`;
const ONE_DIGIT = String.raw`\p{N}`;

const FAMILIES: readonly (PreTokenizer & { readonly names: readonly string[] })[] = [
  family(
    ['gpt-2', 'phi-2', 'mpt', 'olmo', 'jais', 'exaone4', 'trillion', 'granite-docling', 'modern-bert'],
    [GPT2],
  ),
  family(
    ['smollm', 'starcoder', 'refact', 'command-r', 'codeshell', 'exaone', 'minerva-7b'],
    [ONE_DIGIT, GPT2],
  ),
  family(
    ['llama-bpe', 'llama3', 'llama-v3', 'falcon3', 'pixtral', 'lfm2'],
    [llama3(THREE_DIGITS)],
    true,
    true,
  ),
  family(['dbrx', 'smaug-bpe', 'glm4', 'chatglm-bpe'], [llama3(THREE_DIGITS)]),
  family(['qwen2', 'deepseek-r1-qwen', 'megrez', 'stablelm2', 'hunyuan', 'grok-2'], [llama3(ONE_DIGIT)]),
  family(['tekken'], [capitals('', ONE_DIGIT)], true, true),
  family(['gpt-4o', 'llama4'], [capitals(`(?:${CONTRACTIONS_ANY_CASE})?`, THREE_DIGITS)]),
  // llama.cpp uses this for files that name no family.
  family(['default'], [String.raw`[\p{P}$+<=>^~|]+`, GPT2, String.raw`\p{N}+`, '[0-9][0-9][0-9]']),
];

/**
 * @param name `tokenizer.ggml.pre`
 * @throws EngineError `unsupported-tokenizer`
 */
export function preTokenizer(name: string): PreTokenizer {
  const found = FAMILIES.find(({ names }) => names.includes(name));
  if (found) return found;
  throw new EngineError(
    'unsupported-tokenizer',
    `The file uses the pre-tokenizer "${name.slice(0, 40)}", which this page does not know; it knows ${FAMILIES.flatMap(({ names }) => names).join(', ')}.`,
  );
}

/** Cuts `text` into words; joined, they give the text again. */
export function splitWords(text: string, patterns: readonly RegExp[]): string[] {
  let pieces = text === '' ? [] : [text];
  for (const pattern of patterns) pieces = pieces.flatMap((piece) => cut(piece, pattern));
  return pieces;
}

function cut(piece: string, pattern: RegExp): string[] {
  const words: string[] = [];
  let end = 0;
  for (const match of piece.matchAll(pattern)) {
    if (match.index > end) words.push(piece.slice(end, match.index));
    words.push(match[0]);
    end = match.index + match[0].length;
  }
  if (end < piece.length) words.push(piece.slice(end));
  return words;
}

function family(
  names: readonly string[],
  patterns: readonly string[],
  ignoreMerges = false,
  addBos = false,
): PreTokenizer & { readonly names: readonly string[] } {
  return { names, patterns: patterns.map((pattern) => new RegExp(pattern, 'gu')), ignoreMerges, addBos };
}
