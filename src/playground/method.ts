/** What a comparison runs over the prompt: lanes side by side, or one setting with more computation at test time. */
import type { AnswerExtractor, BestOfScore, Strategy, Verifier } from '../decoding/events.ts';
import { maxLanes } from './limits.ts';

export type MethodKind = 'lanes' | 'best-of-n' | 'majority-vote' | 'first-valid' | 'beam';

/** Every field of every method, so that switching between them loses nothing. */
export interface Method {
  readonly kind: MethodKind;
  readonly samples: number;
  readonly score: BestOfScore['kind'];
  readonly verifier: Verifier['kind'];
  /** The verifier's pattern. */
  readonly pattern: string;
  readonly shortest: number;
  readonly longest: number;
  readonly extractor: AnswerExtractor['kind'];
  readonly answerPattern: string;
  readonly width: number;
  readonly lengthPenalty: number;
}

export const methodRanges = {
  samples: { min: 2, max: maxLanes },
  width: { min: 1, max: maxLanes },
  lengthPenalty: { min: 0, max: 10 },
  length: { min: 0, max: 100_000 },
} as const;

export const methods: readonly {
  readonly kind: MethodKind;
  readonly label: string;
  readonly help: string;
}[] = [
  { kind: 'lanes', label: 'Lanes', help: 'Several settings side by side.' },
  {
    kind: 'best-of-n',
    label: 'Best of N',
    help: 'Draws N samples with the common settings, and ranks them.',
  },
  {
    kind: 'majority-vote',
    label: 'Vote',
    help: 'Takes an answer from each of N samples; the most frequent answer wins.',
  },
  {
    kind: 'first-valid',
    label: 'First valid',
    help: 'N samples race until the first one ends valid; the others stop.',
  },
  {
    kind: 'beam',
    label: 'Beam',
    help: 'Searches the most likely continuations as a tree, and shows greedy decoding beside it.',
  },
];

export function defaultMethod(): Method {
  return {
    kind: 'lanes',
    samples: 8,
    score: 'average-logprob',
    verifier: 'regex',
    pattern: '\\b(happy|friend)',
    shortest: 40,
    longest: 400,
    extractor: 'regex',
    answerPattern: '\\b(he|she|it|they)\\b',
    width: 4,
    lengthPenalty: 1,
  };
}

/** The strategy that the method runs. Lanes are sampled. */
export function strategyOf(method: Method): Strategy {
  switch (method.kind) {
    case 'lanes':
      return { kind: 'sample' };
    case 'best-of-n': {
      const score: BestOfScore =
        method.score === 'verifier'
          ? { kind: 'verifier', verifier: verifierOf(method) }
          : { kind: method.score };
      return { kind: 'best-of-n', n: method.samples, score };
    }
    case 'majority-vote': {
      const extractor: AnswerExtractor =
        method.extractor === 'regex'
          ? // The pattern ignores case, so the count does too: otherwise "He" and "he" would split one camp in two.
            { kind: 'regex', pattern: method.answerPattern, flags: 'iu', fold: true }
          : { kind: method.extractor };
      return { kind: 'majority-vote', n: method.samples, extractor };
    }
    case 'first-valid':
      return { kind: 'first-valid', n: method.samples, verifier: verifierOf(method) };
    case 'beam':
      return { kind: 'beam', width: method.width, lengthPenalty: method.lengthPenalty };
  }
}

function verifierOf({ verifier, pattern, shortest, longest }: Method): Verifier {
  switch (verifier) {
    case 'regex':
      return { kind: 'regex', pattern, flags: 'iu' };
    case 'json':
      return { kind: 'json' };
    case 'length':
      return { kind: 'length', min: shortest, max: longest };
  }
}

/** The most branches that a run of the strategy can make. A beam search forks at most twice its width at each step. */
export function mostBranches(strategy: Strategy, maxTokens: number): number {
  switch (strategy.kind) {
    case 'sample':
    case 'greedy':
      return 0;
    case 'beam':
      return 1 + 2 * strategy.width * (maxTokens + 1);
    default:
      return strategy.n;
  }
}

/** The inverse of `strategyOf`. Fields that the strategy does not have keep their values. */
export function restoredMethod(strategy: Strategy, before: Method): Method {
  const verified = (verifier: Verifier): Partial<Method> => ({
    verifier: verifier.kind,
    ...(verifier.kind === 'regex' ? { pattern: verifier.pattern } : {}),
    ...(verifier.kind === 'length'
      ? { shortest: verifier.min ?? 0, longest: verifier.max ?? before.longest }
      : {}),
  });
  switch (strategy.kind) {
    case 'sample':
    case 'greedy':
      return { ...before, kind: 'lanes' };
    case 'beam': {
      const { kind, width, lengthPenalty } = strategy;
      return { ...before, kind, width: withinLanes(width), lengthPenalty };
    }
    case 'best-of-n': {
      const { kind, n, score } = strategy;
      const how = score.kind === 'verifier' ? verified(score.verifier) : {};
      return { ...before, ...how, kind, samples: withinLanes(n), score: score.kind };
    }
    case 'majority-vote': {
      const { kind, n, extractor } = strategy;
      const answerPattern = extractor.kind === 'regex' ? extractor.pattern : before.answerPattern;
      return { ...before, kind, samples: withinLanes(n), extractor: extractor.kind, answerPattern };
    }
    case 'first-valid':
      return {
        ...before,
        ...verified(strategy.verifier),
        kind: strategy.kind,
        samples: withinLanes(strategy.n),
      };
  }
}

function withinLanes(count: number): number {
  return Math.min(maxLanes, Math.max(1, count));
}
