/** The entry point: takes a run's specification and an engine, emits events during the run, and returns a result. */
import { EngineError, type Engine } from '../engines/contract.ts';
import { SamplingError } from '../sampling/errors.ts';
import { checkParams } from '../sampling/validate.ts';
import type { RunResult, RunSpec, Strategy } from './events.ts';
import { openBranches, type Opening } from './open.ts';
import { strategyProblem, unmetNeed } from './requirements.ts';
import { Run, type RunOptions } from './run.ts';
import { beamParams, runBeams } from './strategies/beam.ts';
import { byId, rankSamples, vote, type Verdict } from './strategies/judging.ts';
import { runLanes } from './strategies/lanes.ts';
import { buildExtractor, buildVerifier } from './verifier.ts';

/**
 * Runs until every branch has ended. A stop (`signal`) ends the run early and keeps what there is. So does a failure after the run
 * has begun; `result.error` then says which.
 * @throws SamplingError `bad-parameter` if the specification cannot be run
 * @throws EngineError if the prompt cannot be run: `empty-prompt`, `context-full`, `bad-token`, `not-supported` …
 */
export async function runDecoding(
  engine: Engine,
  spec: RunSpec,
  options: RunOptions = {},
): Promise<RunResult> {
  const judges = checkSpec(engine, spec, options);
  const run = new Run(engine, spec, options);
  let verdict: Verdict | null = null;
  try {
    await openBranches(run, openings(spec));
    verdict = await decide(run, judges);
  } catch (error) {
    if (!isTyped(error)) throw error;
    if (!run.stopped) {
      if (run.branches.length === 0) throw error;
      run.error = error;
    }
  } finally {
    // This includes branches that finished but were not released because judging them failed.
    for (const branch of run.branches) run.end(branch, run.error && !run.stopped ? 'error' : 'stopped');
  }
  const result: RunResult = {
    branches: run.branches.map((branch) => branch.result()),
    ...(verdict ?? byId(run.branches)),
    timing: run.timing,
    error: run.error && { code: run.error.code, message: run.error.message },
  };
  run.emit({ type: 'end', result });
  return result;
}

function isTyped(error: unknown): error is EngineError | SamplingError {
  return error instanceof EngineError || error instanceof SamplingError;
}

/** How a strategy judges finished texts. It is built before the model runs, so that an invalid pattern is reported at once. */
interface Judges {
  readonly verify: ((text: string) => Promise<boolean>) | null;
  readonly extract: ((text: string) => Promise<string | null>) | null;
}

function checkSpec(engine: Engine, spec: RunSpec, { matchPattern = unmatched }: RunOptions): Judges {
  const { strategy, lanes, prompt } = spec;
  if (prompt.length === 0) {
    throw new EngineError('empty-prompt', 'The prompt is empty; write something to continue from.');
  }
  const problem = strategyProblem(spec);
  if (problem !== null) throw new SamplingError('bad-parameter', problem);
  const need = unmetNeed(strategy.kind, engine.capabilities, lanes.length);
  if (need !== null) throw new EngineError('not-supported', need);
  for (const { params } of lanes) checkParams(params, engine.model.vocabularySize);
  const verifier =
    strategy.kind === 'first-valid'
      ? strategy.verifier
      : strategy.kind === 'best-of-n' && strategy.score.kind === 'verifier'
        ? strategy.score.verifier
        : null;
  return {
    verify: verifier && buildVerifier(verifier, matchPattern),
    extract: strategy.kind === 'majority-vote' ? buildExtractor(strategy.extractor, matchPattern) : null,
  };
}

function unmatched(): never {
  throw new Error('A run that judges by a regular expression needs `matchPattern`.');
}

function openings({ strategy, lanes }: RunSpec): Opening[] {
  if (strategy.kind === 'sample' || strategy.kind === 'greedy') {
    return lanes.map(({ params, stream = 0 }, lane) => ({ lane, params, stream }));
  }
  const { params, stream = 0 } = lanes[0]!;
  if (strategy.kind === 'beam') return [{ lane: 0, params: beamParams(params), stream }];
  return Array.from({ length: strategy.n }, (_, i) => ({ lane: 0, params, stream: stream + i }));
}

async function decide(run: Run, { verify, extract }: Judges): Promise<Verdict> {
  const strategy: Strategy = run.spec.strategy;
  switch (strategy.kind) {
    case 'sample':
      await runLanes(run, 'draw');
      return byId(run.branches);
    case 'greedy':
      await runLanes(run, 'best');
      return byId(run.branches);
    case 'beam':
      return runBeams(run, strategy.width, strategy.lengthPenalty);
    case 'best-of-n':
      await runLanes(run, 'draw');
      return rankSamples(run.branches, strategy.score, verify);
    case 'majority-vote':
      await runLanes(run, 'draw');
      return vote(run.branches, extract!);
    case 'first-valid':
      return race(run, verify!);
  }
}

/** The first sample that ends and is valid wins; if several end in the same step, the lowest id wins. */
async function race(run: Run, verify: (text: string) => Promise<boolean>): Promise<Verdict> {
  let winner: number | null = null;
  await runLanes(run, 'draw', async (branch) => {
    if (branch.reason === 'error') return false;
    branch.valid = await verify(branch.text);
    if (branch.valid) winner = branch.id;
    return branch.valid;
  });
  if (winner === null) return byId(run.branches);
  for (const branch of run.living) run.end(branch, 'lost-race');
  const others = run.branches.map(({ id }) => id).filter((id) => id !== winner);
  return { winner, ranking: [winner, ...others], votes: [] };
}
