/**
 * The draw of a step: before the first stage and after each, all candidates as one bar from 0 to 1, in the order in which the draw
 * adds them up. Candidates that are not listed by name are summed where they stand.
 */
import type { TokenId, Tokenizer } from '../../engines/contract.ts';
import type { Between } from '../../sampling/chain_watch.ts';
import { exp } from '../../sampling/exp.ts';
import { STAGES } from '../../sampling/params.ts';
import type { StepTrace } from '../../sampling/trace.ts';
import { topOf } from '../../sampling/trace_view.ts';
import type { DrawBar, DrawPart, DrawView } from '../api/views.ts';
import { stageNote } from './step_view.ts';

/** How many of the likeliest candidates at the draw are listed in any case. */
const finalListed = 8;

/**
 * @param between the distributions before the first stage and after each, of the same step as `trace`
 * @param tokens to list; the drawn one and the likeliest at the draw are added
 * @param drawn whether the step draws a token, and the text does not have one that was given
 */
export function drawView(
  trace: StepTrace,
  between: readonly Between[],
  tokens: readonly TokenId[],
  chosen: TokenId | null,
  drawn: boolean,
  tokenizer: Tokenizer,
): DrawView {
  const listed = new Set(tokens);
  if (listsOthers(trace, listed)) topOf(trace, finalListed, 'final').forEach((token) => listed.add(token));
  if (drawn) listed.add(trace.token);
  let living: Uint32Array | null = null;
  return {
    chosen,
    drawn: drawn ? trace.token : null,
    u: drawn ? trace.u : null,
    bars: between.map((distribution, passed): DrawBar => {
      living = livingAfter(trace, passed, living);
      const named = [...listed].filter((token) => isLiving(trace, token, passed));
      const stage = trace.stages[passed - 1];
      return {
        stage: stage?.stage ?? null,
        label: stage ? STAGES[stage.stage].label : 'Raw',
        note: stage ? stageNote(stage) : '',
        ...barOf(distribution, living, named, tokenizer),
      };
    }),
  };
}

/** Whether a token is a candidate after the first `passed` stages. */
function isLiving({ fate, stages }: StepTrace, token: TokenId, passed: number): boolean {
  const gone = fate[token]!;
  return gone === 0 || (gone > passed && gone <= stages.length);
}

/** The candidates after the first `passed` stages. @param among those after fewer stages; null for the whole vocabulary */
function livingAfter(trace: StepTrace, passed: number, among: Uint32Array | null): Uint32Array {
  const size = among?.length ?? trace.fate.length;
  const living = new Uint32Array(size);
  let count = 0;
  for (let i = 0; i < size; i++) {
    const token = among ? among[i]! : i;
    if (isLiving(trace, token, passed)) living[count++] = token;
  }
  return living.subarray(0, count);
}

/** Whether the likeliest candidates at the draw may be others than those that are listed. */
function listsOthers({ fate, kept, stages }: StepTrace, listed: ReadonlySet<TokenId>): boolean {
  const alive = [...listed].filter((token) => fate[token] === 0).length;
  return alive < Math.min(finalListed, kept) || stages.some(({ changed }) => changed > 0);
}

function barOf(
  { logits, logNormaliser }: Between,
  living: Uint32Array,
  listed: readonly TokenId[],
  tokenizer: Tokenizer,
): Pick<DrawBar, 'count' | 'max' | 'logNormaliser' | 'parts'> {
  const ahead = (a: TokenId, b: TokenId): boolean =>
    logits[a]! > logits[b]! || (logits[a] === logits[b] && a < b);
  const named = [...listed].sort((a, b) => (ahead(a, b) ? -1 : 1));
  const gaps = gapsBetween(logits, logNormaliser, living, named, ahead);
  const parts: DrawPart[] = [];
  let start = 0;
  const add = (token: TokenId | null, count: number, probability: number): void => {
    parts.push({
      token,
      label: token === null ? '' : tokenizer.label(token),
      count,
      start,
      probability,
      logit: token === null ? NaN : logits[token]!,
    });
    start += probability;
  };
  for (let place = 0; place <= named.length; place++) {
    if (gaps.counts[place]! > 0) add(null, gaps.counts[place]!, gaps.masses[place]!);
    const token = named[place];
    if (token !== undefined) add(token, 1, exp(logits[token]! - logNormaliser));
  }
  return { count: living.length, max: gaps.max, logNormaliser, parts };
}

/** How many unlisted candidates stand before each listed one and after the last, and their mass. */
function gapsBetween(
  logits: Between['logits'],
  logNormaliser: number,
  living: Uint32Array,
  named: readonly TokenId[],
  ahead: (a: TokenId, b: TokenId) => boolean,
): { readonly counts: Uint32Array; readonly masses: Float64Array; readonly max: number } {
  const counts = new Uint32Array(named.length + 1);
  const masses = new Float64Array(named.length + 1);
  const names = new Set(named);
  const lowest = named.length > 0 ? logits[named.at(-1)!]! : Infinity;
  let max = named.length > 0 ? logits[named[0]!]! : -Infinity;
  let behind = 0;
  let mass = 0;
  for (let i = 0; i < living.length; i++) {
    const token = living[i]!;
    const logit = logits[token]!;
    // Nearly all candidates stand behind the listed ones.
    if (logit < lowest) {
      behind++;
      mass += exp(logit - logNormaliser);
    } else if (!names.has(token)) {
      let place = named.length;
      while (place > 0 && ahead(token, named[place - 1]!)) place--;
      counts[place]!++;
      masses[place]! += exp(logit - logNormaliser);
      max = Math.max(max, logit);
    }
  }
  counts[named.length]! += behind;
  masses[named.length]! += mass;
  return { counts, masses, max };
}
