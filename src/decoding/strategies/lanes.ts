/** Sampling and greedy decoding: every branch takes a token, all of them advance in one forward pass. */
import type { Branch } from '../branch.ts';
import type { StepRecord } from '../events.ts';
import type { Run } from '../run.ts';

/**
 * Runs until every branch has ended or the run is stopped.
 * @param onEnded called for each branch that has ended, before it is released; true ends the others too
 */
export async function runLanes(
  run: Run,
  pick: 'draw' | 'best',
  onEnded?: (branch: Branch) => Promise<boolean>,
): Promise<void> {
  for (let living = run.living; living.length > 0 && !run.stopped; living = run.living) {
    const started = run.now();
    const records: StepRecord[] = [];
    for (const branch of living) {
      const choice = await run.choose(branch, pick);
      if (choice !== null) records.push(run.append(branch, choice));
    }
    if (records.length > 0) run.emit({ type: 'step', records });
    let decided = false;
    for (const branch of living) {
      if (branch.reason === null || branch.released) continue;
      if (!decided && onEnded) decided = await onEnded(branch);
      run.end(branch);
    }
    if (!decided && run.living.length > 0) await run.advance(run.living);
    run.timing.decodeMs += run.now() - started;
    if (decided) return;
  }
}
