/**
 * Beam search: at each step it keeps the best `width` partial texts by total raw logprob over length^penalty. A beam that ends
 * retires with its score. The search is over when no living beam can still beat the worst of `width` retired ones.
 */
import { fullOrder, STAGES, type SamplingParams } from '../../sampling/params.ts';
import type { Branch } from '../branch.ts';
import type { StepRecord } from '../events.ts';
import type { Run } from '../run.ts';
import type { Choice } from '../step_record.ts';
import type { Verdict } from './judging.ts';

/** The lane's parameters without the stages that heat or pick. */
export function beamParams(params: SamplingParams): SamplingParams {
  return { ...params, order: fullOrder(params.order).filter((name) => STAGES[name].forBeams) };
}

interface Expansion {
  readonly beam: Branch;
  readonly choice: Choice;
  readonly total: number;
  readonly score: number;
}

export async function runBeams(run: Run, width: number, penalty: number): Promise<Verdict> {
  const retired: Branch[] = [];
  const normalise = (total: number, length: number): number => total / length ** penalty;
  while (run.living.length > 0 && !run.stopped) {
    const started = run.now();
    const expansions: Expansion[] = [];
    for (const beam of run.living) {
      // Twice the width: even if `width` of them end at once, a full beam remains (as in Transformers).
      for (const choice of await expand(run, beam, 2 * width)) {
        const total = beam.totalLogprob + beam.logits[choice.token]! - choice.draw.rawLogNormaliser;
        expansions.push({ beam, choice, total, score: normalise(total, beam.generated + 1) });
      }
    }
    expansions.sort((a, b) => b.score - a.score || a.beam.id - b.beam.id || a.choice.token - b.choice.token);
    grow(run, expansions, width, retired);
    const { living } = run;
    run.emit({ type: 'beams', scores: living.map(({ id, score }) => ({ branch: id, score: score! })) });
    retired.sort((a, b) => b.score! - a.score! || a.id - b.id);
    const worst = retired[width - 1]?.score ?? -Infinity;
    const longest = run.spec.stop.maxTokens;
    // A total only falls with length, so the total divided by the largest length bounds what a beam can still reach.
    if (living.every((beam) => normalise(beam.totalLogprob, longest) <= worst)) {
      for (const beam of living) run.end(beam, 'pruned');
    } else await run.advance(living);
    run.timing.decodeMs += run.now() - started;
  }
  for (const beam of run.living) beam.score = normalise(beam.totalLogprob, Math.max(1, beam.generated));
  const rank = (branch: Branch): number =>
    branch.reason === 'pruned' || branch.reason === 'error' ? 0 : branch.reason === null ? 1 : 2;
  const ranking = [...run.branches].sort(
    (a, b) => rank(b) - rank(a) || (b.score ?? -Infinity) - (a.score ?? -Infinity) || a.id - b.id,
  );
  const best = ranking[0];
  return {
    winner: best !== undefined && rank(best) > 0 ? best.id : null,
    ranking: ranking.map(({ id }) => id),
    votes: [],
  };
}

/** The best `most` tokens that the chain leaves this beam, by raw logprob. */
async function expand(run: Run, beam: Branch, most: number): Promise<Choice[]> {
  const first = await run.choose(beam, 'best');
  if (first === null) return [];
  return beam.sampler
    .survivors(most)
    .map((token) => ({ ...first, token, finalLogprob: beam.sampler.finalLogprob(token) }));
}

/**
 * Takes expansions from the best on until `width` of them live; of those that end it keeps the best `width`. A beam without an heir
 * is pruned.
 */
function grow(run: Run, expansions: readonly Expansion[], width: number, retired: Branch[]): void {
  const heirs: { branch: Branch; expansion: Expansion }[] = [];
  const parents = run.living;
  const continued = new Set<Branch>();
  let alive = 0;
  let ended = 0;
  // All forks come before any beam takes its token, so that each fork copies the parent in its present state.
  for (const expansion of expansions) {
    if (alive >= width) break;
    const { beam, choice } = expansion;
    if (!endsWith(run, beam, choice.token)) alive++;
    else if (++ended > width) continue;
    const branch = continued.has(beam) ? forkBeam(run, beam) : beam;
    continued.add(beam);
    heirs.push({ branch, expansion });
  }
  const records: StepRecord[] = heirs.map(({ branch, expansion }) => {
    branch.score = expansion.score;
    return run.append(branch, expansion.choice);
  });
  if (records.length > 0) run.emit({ type: 'step', records });
  for (const parent of parents) if (!continued.has(parent)) run.end(parent, 'pruned');
  for (const { branch } of heirs) {
    if (branch.reason === null) continue;
    retired.push(branch);
    run.end(branch);
  }
}

function forkBeam(run: Run, beam: Branch): Branch {
  const branch = beam.fork(run.branches.length, run.engine.session.fork(beam.sequence));
  run.begin(branch);
  return branch;
}

/** Whether the token would end the beam; tested on copies. */
function endsWith(run: Run, beam: Branch, token: number): boolean {
  const { stop } = run.spec;
  const { tokenizer, model } = run.engine;
  if (!stop.ignoreEndOfGeneration && tokenizer.endOfGeneration.has(token)) return true;
  if (beam.generated + 1 >= stop.maxTokens || beam.history.length + 1 >= model.contextLength) return true;
  return (
    tokenizer.kind(token) !== 'control' &&
    beam.stopper.clone().push(beam.decoder.clone().push(token)) !== null
  );
}
