/** Flags of strategies and stop conditions for the headless runner. */
import { SamplingError } from '../sampling/errors.ts';
import { collectFlags, numberFlag, type FlagHelp, type ParsedFlags } from '../sampling/flags.ts';
import type { AnswerExtractor, BestOfScore, StopConditions, Strategy, Verifier } from './events.ts';

export interface DecodingFlags {
  readonly strategy: Strategy;
  readonly stop: StopConditions;
  readonly scorePrompt: boolean;
  readonly topCandidates: number;
}

const HELP: readonly FlagHelp[] = [
  {
    flag: '--strategy',
    value: 'sample | greedy | beam | best-of-n | majority-vote | first-valid',
    help: 'How tokens, or outputs, are chosen; default sample.',
  },
  { flag: '--n', value: '1 … 256, default 4', help: 'Samples of best-of-n, majority-vote and first-valid.' },
  { flag: '--width', value: '1 … 64, default 4', help: 'Beams of a beam search.' },
  {
    flag: '--length-penalty',
    value: '0 … 10, default 1',
    help: 'Beams score total logprob / length to this power: 0 the sum, 1 the average.',
  },
  {
    flag: '--score',
    value: 'average-logprob | shortest | longest | verifier',
    help: 'What best-of-n ranks by; default average-logprob.',
  },
  {
    flag: '--verify',
    value: 'json | regex:PATTERN | length:MIN-MAX',
    help: 'What makes an output valid, for first-valid and --score verifier.',
  },
  {
    flag: '--answer',
    value: 'last-number | whole-text | regex:PATTERN',
    help: 'How majority-vote takes the answer from a sample; default last-number.',
  },
  { flag: '--max-tokens', value: '0 … 1000000, default 128', help: 'Tokens of output for each sequence.' },
  { flag: '--stop', value: 'text', help: 'End the output before this text; may be given many times.' },
  { flag: '--ignore-eos', value: 'true | false', help: 'Go on past end-of-generation tokens.' },
  { flag: '--score-prompt', value: 'true | false', help: 'Give the prompt’s tokens their numbers too.' },
  {
    flag: '--top',
    value: '0 … 1000000, default 0',
    help: 'Add this many of the most likely candidates to each token.',
  },
];

export function decodingFlagHelp(): readonly FlagHelp[] {
  return HELP;
}

/**
 * @param argv arguments as `--flag value` or `--flag=value`
 * @throws SamplingError `bad-parameter`, naming the flag, its value and the allowed values
 */
export function decodingFromFlags(argv: readonly string[]): ParsedFlags<DecodingFlags> {
  const { given, rest } = collectFlags(argv, (flag) => HELP.some((known) => known.flag === flag));
  const last = (flag: string): string | undefined => given.findLast(([name]) => name === flag)?.[1];
  const whole = (flag: string, min: number, max: number, fallback: number): number => {
    const text = last(flag);
    return text === undefined ? fallback : numberFlag(flag, text, { min, max, integer: true });
  };
  const value: DecodingFlags = {
    strategy: strategyOf(last, whole),
    stop: {
      maxTokens: whole('--max-tokens', 0, 1_000_000, 128),
      sequences: given.filter(([flag]) => flag === '--stop').map(([, text]) => text),
      ignoreEndOfGeneration: truth('--ignore-eos', last('--ignore-eos')),
    },
    scorePrompt: truth('--score-prompt', last('--score-prompt')),
    topCandidates: whole('--top', 0, 1_000_000, 0),
  };
  return { value, rest };
}

function strategyOf(
  last: (flag: string) => string | undefined,
  whole: (flag: string, min: number, max: number, fallback: number) => number,
): Strategy {
  const kind = last('--strategy') ?? 'sample';
  const n = whole('--n', 1, 256, 4);
  switch (kind) {
    case 'sample':
    case 'greedy':
      return { kind };
    case 'beam': {
      const penalty = last('--length-penalty') ?? '1';
      return {
        kind,
        width: whole('--width', 1, 64, 4),
        lengthPenalty: numberFlag('--length-penalty', penalty, { min: 0, max: 10, integer: false }),
      };
    }
    case 'best-of-n':
      return { kind, n, score: scoreOf(last('--score') ?? 'average-logprob', last('--verify')) };
    case 'majority-vote':
      return { kind, n, extractor: extractorOf(last('--answer') ?? 'last-number') };
    case 'first-valid':
      return { kind, n, verifier: verifierOf(last('--verify')) };
    default:
      throw refused('--strategy', kind);
  }
}

function refused(flag: string, value: string): SamplingError {
  const choices = HELP.find((known) => known.flag === flag)!.value;
  return new SamplingError('bad-parameter', `${flag} is "${value}", but must be one of ${choices}.`);
}

function truth(flag: string, text: string | undefined): boolean {
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw refused(flag, text);
}

function scoreOf(text: string, verify: string | undefined): BestOfScore {
  switch (text) {
    case 'average-logprob':
    case 'shortest':
    case 'longest':
      return { kind: text };
    case 'verifier':
      return { kind: text, verifier: verifierOf(verify) };
    default:
      throw refused('--score', text);
  }
}

function verifierOf(text: string | undefined): Verifier {
  if (text === undefined) {
    throw new SamplingError(
      'bad-parameter',
      'This strategy needs --verify, to know what makes an output valid; add it.',
    );
  }
  if (text === 'json') return { kind: 'json' };
  if (text.startsWith('regex:')) return { kind: 'regex', pattern: text.slice('regex:'.length) };
  const length = /^length:(\d*)-(\d*)$/.exec(text);
  if (length === null) throw refused('--verify', text);
  return {
    kind: 'length',
    ...(length[1] ? { min: Number(length[1]) } : {}),
    ...(length[2] ? { max: Number(length[2]) } : {}),
  };
}

function extractorOf(text: string): AnswerExtractor {
  if (text === 'last-number' || text === 'whole-text') return { kind: text };
  if (text.startsWith('regex:')) return { kind: 'regex', pattern: text.slice('regex:'.length) };
  throw refused('--answer', text);
}
