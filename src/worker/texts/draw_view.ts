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
import type { DrawBar, DrawPart, DrawView, StepView } from '../api/views.ts';
import { stageNote } from './step_view.ts';

/** Candidates by id; null for the whole vocabulary, in which an impossible token has the logit −∞. */
type Living = Uint32Array | null;

/** How many of the likeliest candidates at the draw are listed in any case. */
const finalListed = 8;

/**
 * @param between the distributions before the first stage and after each, of the same step as `trace`
 * @param view of that step; its candidates are listed, with the drawn one and the likeliest at the draw
 * @param drawn whether the step draws a token, and the text does not have one that was given
 */
export function drawView(
  trace: StepTrace,
  between: readonly Between[],
  { rows, rest, chosen }: Pick<StepView, 'rows' | 'rest' | 'chosen'>,
  drawn: boolean,
  tokenizer: Tokenizer,
): DrawView {
  const listed = new Set(rows.map(({ token }) => token));
  if (listsOthers(trace, listed)) topOf(trace, finalListed, 'final').forEach((token) => listed.add(token));
  if (drawn) listed.add(trace.token);
  const last = between.length - 1;
  let living: Living = null;
  return {
    chosen,
    drawn: drawn ? trace.token : null,
    u: drawn ? trace.u : null,
    bars: between.map((distribution, passed): DrawBar => {
      if (passed > 0) living = livingAfter(trace, passed, living);
      const count = trace.stages[passed - 1]?.after ?? trace.stages[0]?.before ?? trace.kept;
      const named = [...listed].filter((token) => isLiving(trace, token, passed));
      const stage = trace.stages[passed - 1];
      // The view has summed what it does not list, before the chain and after it.
      const known = passed === 0 ? rest.raw : passed === last ? rest.final : null;
      return {
        stage: stage?.stage ?? null,
        label: stage ? STAGES[stage.stage].label : 'Raw',
        note: stage ? stageNote(stage) : '',
        ...barOf(distribution, living, count, named, listed.size === rows.length ? known : null, tokenizer),
      };
    }),
  };
}

/** Whether a token is a candidate after the first `passed` stages. */
function isLiving({ fate, stages }: StepTrace, token: TokenId, passed: number): boolean {
  const gone = fate[token]!;
  return gone === 0 || (gone > passed && gone <= stages.length);
}

/**
 * The candidates after the first `passed` stages, which is at least one.
 * @param among those after fewer stages; null for the whole vocabulary
 */
function livingAfter({ fate, stages }: StepTrace, passed: number, among: Living): Living {
  const { before, after } = stages[passed - 1]!;
  if (before === after) return among;
  const living = new Uint32Array(after);
  const size = among?.length ?? fate.length;
  let count = 0;
  for (let i = 0; i < size; i++) {
    const token = among ? among[i]! : i;
    const gone = fate[token]!;
    if (gone === 0 || (gone > passed && gone <= stages.length)) living[count++] = token;
  }
  return living;
}

/** Whether the likeliest candidates at the draw may be others than those that are listed. */
function listsOthers({ fate, kept, stages }: StepTrace, listed: ReadonlySet<TokenId>): boolean {
  const alive = [...listed].filter((token) => fate[token] === 0).length;
  return alive < Math.min(finalListed, kept) || stages.some(({ changed }) => changed > 0);
}

/** @param unlisted the mass of all candidates that are not listed, if it is known already */
function barOf(
  { logits, logNormaliser }: Between,
  living: Living,
  count: number,
  listed: readonly TokenId[],
  unlisted: number | null,
  tokenizer: Tokenizer,
): Pick<DrawBar, 'count' | 'max' | 'logNormaliser' | 'parts'> {
  const ahead = (a: TokenId, b: TokenId): boolean =>
    logits[a]! > logits[b]! || (logits[a] === logits[b] && a < b);
  const named = [...listed].sort((a, b) => (ahead(a, b) ? -1 : 1));
  const names = new Set(named);
  const lowest = named.length > 0 ? logits[named.at(-1)!]! : Infinity;
  const others = atLeast(logits, living, lowest).filter((token) => !names.has(token));

  // What stands before each listed candidate, and after the last.
  const counts = new Uint32Array(named.length + 1);
  const masses = new Float64Array(named.length + 1);
  counts[named.length] = count - named.length - others.length;
  masses[named.length] =
    others.length === 0 && unlisted !== null ? unlisted : massBelow(logits, living, lowest, logNormaliser);
  for (const token of others) {
    let place = named.length;
    while (place > 0 && ahead(token, named[place - 1]!)) place--;
    counts[place]!++;
    masses[place]! += exp(logits[token]! - logNormaliser);
  }

  const parts: DrawPart[] = [];
  let start = 0;
  const add = (token: TokenId | null, candidates: number, probability: number): void => {
    const label = token === null ? '' : tokenizer.label(token);
    const logit = token === null ? NaN : logits[token]!;
    parts.push({ token, label, count: candidates, start, probability, logit });
    start += probability;
  };
  for (let place = 0; place <= named.length; place++) {
    if (counts[place]! > 0) add(null, counts[place]!, masses[place]!);
    const token = named[place];
    if (token !== undefined) add(token, 1, exp(logits[token]! - logNormaliser));
  }
  const max = others.reduce((most, token) => Math.max(most, logits[token]!), logits[named[0]!] ?? -Infinity);
  return { count, max, logNormaliser, parts };
}

/** The candidates with at least this logit. Nearly all have less than the listed ones. */
function atLeast(logits: Between['logits'], living: Living, lowest: number): TokenId[] {
  const found: TokenId[] = [];
  const size = living?.length ?? logits.length;
  for (let i = 0; i < size; i++) {
    const token = living ? living[i]! : i;
    if (logits[token]! >= lowest) found.push(token);
  }
  return found;
}

/** The mass of the candidates with less than this logit. */
function massBelow(logits: Between['logits'], living: Living, lowest: number, logNormaliser: number): number {
  const size = living?.length ?? logits.length;
  let mass = 0;
  for (let i = 0; i < size; i++) {
    const logit = logits[living ? living[i]! : i]!;
    if (logit < lowest) mass += exp(logit - logNormaliser);
  }
  return mass;
}
