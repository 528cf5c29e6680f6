import { defineStage, type NumbersOf } from './definition.ts';
import { stateless, type ChainContext, type DryBreakers, type Stage } from './stage.ts';

export const definition = defineStage({
  name: 'dry',
  label: 'DRY',
  help: 'Lowers a token that would lengthen a passage already seen word for word.',
  kind: 'adjust',
  withMirostat: false,
  forBeams: true,
  parameters: {
    dryMultiplier: {
      label: 'DRY multiplier',
      range: [0, 100],
      slider: [0, 5],
      step: 0.01,
      default: 0,
      neutral: 0,
      start: 0.8,
      help: 'How strongly DRY lowers a token that would lengthen a passage seen before; 0 switches DRY off.',
    },
    dryBase: {
      label: 'DRY base',
      range: [1, 100],
      slider: [1, 4],
      step: 0.01,
      default: 1.75,
      neutral: null,
      help: 'How much the DRY penalty grows with each further token of the repeated passage.',
    },
    dryAllowedLength: {
      label: 'DRY allowed length',
      range: [1, 1000],
      slider: [1, 20],
      step: 1,
      default: 2,
      neutral: null,
      help: 'DRY ignores repeated passages that are shorter than this.',
    },
    dryLastN: {
      label: 'DRY window',
      range: [-1, 1_000_000],
      slider: [0, 512],
      step: 1,
      default: 64,
      neutral: null,
      link: 'dry_penalty_last_n',
      help: 'How many of the last tokens DRY searches for repeats; 0 none, −1 the whole text.',
    },
  },
  idle: ({ dryMultiplier, dryBase, dryLastN }) => dryMultiplier === 0 || dryBase < 1 || dryLastN === 0,
});

/** By default, DRY does not look for repeats across these texts. */
export const DEFAULT_DRY_BREAKERS: readonly string[] = ['\n', ':', '"', '*'];

/** ln of the largest f32: the penalty's power is clamped so that it stays representable, as in llama.cpp. */
const LOG_LARGEST_F32 = 88.7228391;

/**
 * DRY ("don't repeat yourself", p-e-w, oobabooga/text-generation-webui pull request 5677): lowers each token that
 * would lengthen a repeat of at least `dryAllowedLength` tokens by multiplier · base^(length − allowed).
 */
export function build(
  params: NumbersOf<typeof definition>,
  { dryBreakers = new Map() }: ChainContext,
): Stage | null {
  const { dryMultiplier, dryBase, dryAllowedLength, dryLastN } = params;
  if (definition.idle(params)) return null;
  const largestExponent = dryBase > 1.000001 ? Math.floor(LOG_LARGEST_F32 / Math.log(dryBase)) : Infinity;
  const longest = new Map<number, number>();
  return stateless((candidates, { history }) => {
    const window = dryLastN < 0 ? history.length : Math.min(dryLastN, history.length);
    if (window <= dryAllowedLength) return {};
    const limit = repeatLimit(history, window, dryBreakers);
    if (limit < dryAllowedLength) return {};
    longestRepeats(history, window, limit, longest);
    let changed = 0;
    for (const [token, length] of longest) {
      if (length < dryAllowedLength || candidates.fate[token] !== 0) continue;
      if (dryBreakers.get(token)?.some((tail) => tail.length === 0)) continue;
      const exponent = Math.min(length - dryAllowedLength, largestExponent);
      candidates.setLogit(token, candidates.logits[token]! - dryMultiplier * dryBase ** exponent);
      changed++;
    }
    if (changed > 0) candidates.endChanges();
    return { changed };
  });
}

/** Tokens since the end of the last breaker in the window: no repeat may be longer. */
function repeatLimit(history: ArrayLike<number>, window: number, breakers: DryBreakers): number {
  const end = history.length;
  for (let back = 0; back < window; back++) {
    const tails = breakers.get(history[end - 1 - back]!);
    if (tails === undefined) continue;
    let match = -1;
    for (const tail of tails) {
      if (tail.length <= match || tail.length > back) continue;
      if (tail.every((token, i) => token === history[end - back + i])) match = tail.length;
    }
    if (match >= 0) return back - match;
  }
  return window;
}

/**
 * For each token, the length of the longest earlier match of the text's end that this token followed, at most `limit`.
 * The Z-algorithm over the reversed window: linear in its length.
 */
function longestRepeats(
  history: ArrayLike<number>,
  window: number,
  limit: number,
  longest: Map<number, number>,
): void {
  longest.clear();
  const end = history.length - 1;
  const matches = new Int32Array(window);
  let left = 0;
  let right = 0;
  for (let back = 1; back < window; back++) {
    let length = back < right ? Math.min(right - back, matches[back - left]!) : 0;
    while (back + length < window && history[end - length] === history[end - back - length]) length++;
    matches[back] = length;
    if (back + length > right) {
      left = back;
      right = back + length;
    }
    const follower = history[end - back + 1]!;
    const capped = Math.min(length, limit);
    if (capped > (longest.get(follower) ?? 0)) longest.set(follower, capped);
  }
}
