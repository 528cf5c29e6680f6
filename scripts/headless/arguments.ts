/** The command line of `npm run headless`. The flags of the chain and of the strategies are defined in their own folders. */
import { readFileSync } from 'node:fs';
import type { TokenId } from '../../src/engines/contract.ts';
import { type DecodingFlags, decodingFlagHelp, decodingFromFlags } from '../../src/decoding/flags.ts';
import {
  type FlagHelp,
  collectFlags,
  numberFlag,
  paramFlagHelp,
  paramsFromFlags,
} from '../../src/sampling/flags.ts';
import { SamplingError } from '../../src/sampling/errors.ts';
import type { Grammar, SamplingParams } from '../../src/sampling/params.ts';

export type PromptArgument =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'chat'; readonly system: string | null; readonly text: string }
  | { readonly kind: 'tokens'; readonly tokens: readonly TokenId[] };

export interface HeadlessArguments {
  readonly model: string;
  readonly prompt: PromptArgument;
  readonly addSpecial: boolean;
  readonly parseSpecial: boolean;
  readonly decoding: DecodingFlags;
  /** One per lane; at least one. */
  readonly lanes: readonly SamplingParams[];
  /** Other chains to run over the run's text afterwards. */
  readonly rederive: readonly { readonly flags: string; readonly params: SamplingParams }[];
  /** A text to score after the prompt, instead of drawing one. */
  readonly continuation: string | null;
  /** Length of each token's `top`. */
  readonly logprobs: number;
  readonly contextLength: number | null;
  readonly adapter: string | null;
  readonly json: boolean;
  readonly tokenizeOnly: boolean;
}

/** An invalid command line; the message is one sentence. */
export class UsageError extends Error {}

const VALUES: readonly FlagHelp[] = [
  { flag: '--model', value: 'FILE', help: 'The GGUF file.' },
  { flag: '--prompt', value: 'TEXT', help: 'The text to continue, or the user’s message with --chat.' },
  { flag: '--tokens', value: 'ID,ID…', help: 'The prompt as token ids, taken as they are.' },
  { flag: '--system', value: 'TEXT', help: 'The system message of a --chat.' },
  {
    flag: '--lane',
    value: 'FLAGS',
    help: 'Another sequence over the same prompt, with these flags of the chain over the others: --lane "--temperature 0.2".',
  },
  {
    flag: '--continuation',
    value: 'TEXT',
    help: 'Draw nothing: give the exact logprob and rank of each token of this text after the prompt, and its chance under the chain.',
  },
  {
    flag: '--rederive',
    value: 'FLAGS',
    help: 'What the chain with these flags over the others would have drawn at each step of the output; may be given many times.',
  },
  {
    flag: '--logprobs',
    value: 'N',
    help: 'The N most likely tokens of each step, with raw logprobs; up to the vocabulary.',
  },
  {
    flag: '--context',
    value: 'N',
    help: 'Tokens of the longest sequence; default the model’s own, at most 4096.',
  },
  {
    flag: '--json-schema',
    value: 'FILE',
    help: 'The output is JSON that is valid under the schema in this file.',
  },
  { flag: '--regex', value: 'PATTERN', help: 'The output, all of it, matches this regular expression.' },
  {
    flag: '--ebnf',
    value: 'FILE',
    help: 'The output is of the grammar in this file, whose first rule is root.',
  },
  { flag: '--adapter', value: 'NAME', help: 'hardware, llvmpipe or swiftshader; the quickest by default.' },
];

const SWITCHES: readonly Omit<FlagHelp, 'value'>[] = [
  { flag: '--chat', help: 'Put the prompt through the model’s own chat template.' },
  { flag: '--no-special', help: 'Add no beginning-of-text token to --prompt.' },
  { flag: '--parse-special', help: 'Read control tokens in --prompt, such as <|im_end|>.' },
  { flag: '--prompt-logprobs', help: 'Score the prompt’s tokens too.' },
  { flag: '--tokenize', help: 'Stop after the prompt’s token ids; a vocabulary-only file will do.' },
  { flag: '--json', help: 'Print JSON, and nothing else, to stdout.' },
  { flag: '--help', help: 'Print this.' },
];

export function usage(): string {
  const lines = (rows: readonly { flag: string; value?: string; help: string }[]) =>
    rows.map(({ flag, value = '', help }) => `  ${flag} ${value}\n      ${help}`);
  return [
    'npm run --silent headless -- --model FILE (--prompt TEXT | --tokens ID,ID…) [options]',
    ...lines([...VALUES, ...SWITCHES]),
    'The chain:',
    ...lines(paramFlagHelp()),
    'The strategy:',
    ...lines(decodingFlagHelp()),
  ].join('\n');
}

/**
 * @returns null if help was requested
 * @throws UsageError, SamplingError `bad-parameter`
 */
export function readArguments(argv: readonly string[]): HeadlessArguments | null {
  // Flags with a value come first, whatever the value looks like: a prompt may begin with dashes.
  const own = collectFlags(argv, (flag) => VALUES.some((known) => known.flag === flag));
  const decoding = decodingFromFlags(own.rest);
  const sampling = paramsFromFlags(decoding.rest);
  const switches = new Set(sampling.rest);
  if (switches.has('--help') || switches.has('-h')) return null;
  const unknown = sampling.rest.find((argument) => !SWITCHES.some(({ flag }) => flag === argument));
  if (unknown !== undefined) throw new UsageError(`"${unknown}" is not an option; --help lists them.`);

  const last = (flag: string): string | undefined => own.given.findLast(([name]) => name === flag)?.[1];
  const whole = (flag: string, min: number): number | null => {
    const text = last(flag);
    return text === undefined ? null : numberFlag(flag, text, { min, max: 1_000_000, integer: true });
  };
  const grammar = grammarOf(last);
  const model = last('--model');
  if (model === undefined) throw new UsageError('No model is named; add --model FILE.');
  const chainFlags = argvOfChain(decoding.rest, sampling.rest);
  const others = (flag: '--lane' | '--rederive') =>
    own.given
      .filter(([name]) => name === flag)
      .map(([, flags]) => ({ flags, params: { ...chainOf(flag, chainFlags, flags), grammar } }));
  const lanes = others('--lane').map(({ params }) => params);
  const rederive = others('--rederive');
  if (rederive.length > 0 && (decoding.value.strategy.kind !== 'sample' || lanes.length > 0)) {
    throw new UsageError('--rederive needs one text that was sampled; leave out --lane and --strategy.');
  }
  return {
    model,
    prompt: promptOf(last, switches.has('--chat')),
    addSpecial: !switches.has('--no-special'),
    parseSpecial: switches.has('--parse-special'),
    decoding: {
      ...decoding.value,
      scorePrompt: decoding.value.scorePrompt || switches.has('--prompt-logprobs'),
    },
    lanes: lanes.length > 0 ? lanes : [{ ...sampling.value, grammar }],
    rederive,
    continuation: last('--continuation') ?? null,
    logprobs: whole('--logprobs', 0) ?? decoding.value.topCandidates,
    contextLength: whole('--context', 1),
    adapter: last('--adapter') ?? null,
    json: switches.has('--json'),
    tokenizeOnly: switches.has('--tokenize'),
  };
}

/** The arguments that the chain's parser consumed: all of them except the switches that it left. */
function argvOfChain(argv: readonly string[], left: readonly string[]): string[] {
  const skip = [...left];
  return argv.filter((argument) => {
    const at = skip.indexOf(argument);
    if (at >= 0) skip.splice(at, 1);
    return at < 0;
  });
}

function chainOf(flag: string, base: readonly string[], flags: string): SamplingParams {
  const { value, rest } = paramsFromFlags([...base, ...flags.trim().split(/\s+/)]);
  if (rest.length > 0)
    throw new UsageError(`${flag} "${flags}" has "${rest[0]}", which is not a flag of the chain.`);
  return value;
}

function promptOf(last: (flag: string) => string | undefined, chat: boolean): PromptArgument {
  const [text, tokens] = [last('--prompt'), last('--tokens')];
  if ((text === undefined) === (tokens === undefined)) {
    throw new UsageError('Give the prompt by either --prompt TEXT or --tokens ID,ID….');
  }
  if (tokens !== undefined) return { kind: 'tokens', tokens: tokenIds(tokens) };
  return chat
    ? { kind: 'chat', system: last('--system') ?? null, text: text! }
    : { kind: 'text', text: text! };
}

function grammarOf(last: (flag: string) => string | undefined): Grammar | null {
  const named = (['json-schema', 'regex', 'ebnf'] as const).flatMap((kind): [Grammar['kind'], string][] => {
    const value = last(`--${kind}`);
    return value === undefined ? [] : [[kind, value]];
  });
  const [first, second] = named;
  if (!first) return null;
  if (second)
    throw new UsageError(`--${first[0]} and --${second[0]} were both given; an output has one grammar.`);
  const [kind, value] = first;
  if (kind === 'regex') return { kind, source: value };
  try {
    return { kind, source: readFileSync(value, 'utf8') };
  } catch {
    throw new UsageError(`--${kind} names ${value}, which cannot be read; name a text file.`);
  }
}

function tokenIds(text: string): TokenId[] {
  const ids = text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : NaN));
  if (ids.every(Number.isSafeInteger)) return ids;
  throw new SamplingError('bad-parameter', `--tokens is "${text}", but must be token ids like 1,2,3.`);
}
