/** Runs an opened comparison again as it was run: all lanes, samples or beams in one batch. */
import { EngineError, type TokenId } from '../../engines/contract.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import type { RunRequest, StepPlace } from '../../worker/api.ts';
import type { StepView } from '../../worker/views.ts';
import { compare } from '../compare/state.svelte.ts';
import { mostBranches } from '../compare/method.ts';
import { worker } from '../connection.ts';
import { adoptLine, markRecorded } from '../recording_actions.ts';
import { playground } from '../state.svelte.ts';
import type { DocumentComparison, DocumentLine, RunRecord } from './document.ts';
import type { Difference, Opened, Replay } from './opened.svelte.ts';
import { recordedStep } from './recorded_view.ts';

/** Candidates of each side where the two part. */
const compared = 8;

/** The distribution here, with the recorded token in it, wherever it ranks. */
export async function distributionHere(
  place: StepPlace,
  params: SamplingParams,
  recorded: TokenId,
): Promise<StepView | null> {
  const view = await worker().inspect(place, params, { top: compared });
  if (!view || view.rows.some(({ token }) => token === recorded)) return view;
  const row = await worker().candidate(place, params, recorded);
  return row ? { ...view, rows: [...view.rows, row] } : view;
}

/**
 * @returns how it came out: the earliest token that is another one, of the first lane that has one there
 * @throws EngineError `aborted` when it was stopped
 */
export async function replayComparison(
  { record, lines: ids }: Opened,
  comparison: DocumentComparison,
): Promise<Replay> {
  const request = requestOf(record, comparison);
  const result = await worker().run(request, () => undefined);
  try {
    if (playground.run.phase === 'stopping') throw new EngineError('aborted', 'The replay was stopped.');
    if (result.error) throw new Error(result.error.message);
    const partings = record.lines.map((line) => parting(line, result.branches[line.lane]?.tokens ?? []));
    await adoptLines(ids, partings);
    const first = Math.min(...partings.map((at) => at ?? Infinity));
    if (first === Infinity) {
      const tokens = record.lines.reduce((sum, line) => sum + line.tokens.length - line.promptLength, 0);
      return { phase: 'reproduced', tokens };
    }
    const line = partings.indexOf(first);
    return { phase: 'differs', difference: await differenceAt(record, line, first, request) };
  } finally {
    for (const line of linesOf(request, result.branches.length)) void worker().forget(line);
  }
}

function requestOf(record: RunRecord, { strategy, stop, params }: DocumentComparison): RunRequest {
  const [first] = record.lines;
  const prompt = first!.tokens.slice(0, first!.promptLength).map(({ id }) => id);
  const longest = Math.max(...record.lines.map(({ tokens, promptLength }) => tokens.length - promptLength));
  // A run that was stopped is repeated as far as it came.
  const stopped = record.lines.some(({ reason }) => reason === 'stopped');
  const conditions = stopped ? { ...stop, maxTokens: Math.max(1, longest) } : stop;
  if (strategy.kind === 'sample' || strategy.kind === 'greedy') {
    const lanes = record.lines.map((line) => ({
      line: playground.newId(),
      params: line.params,
      stream: line.stream,
    }));
    return { prompt, lanes, strategy, stop: conditions };
  }
  return {
    prompt,
    lanes: [{ line: playground.newId(), params, stream: 0 }],
    branches: playground.newIds(mostBranches(strategy, conditions.maxTokens)),
    strategy,
    stop: conditions,
  };
}

/** Index of the first output token that is another one, or is not there; null where all that was recorded came again. */
function parting({ tokens, promptLength }: DocumentLine, again: readonly TokenId[]): number | null {
  const at = tokens.slice(promptLength).findIndex(({ id }, output) => id !== again[output]);
  return at < 0 ? null : at;
}

/** The worker holds the recorded texts from now on, so that the charts and the knobs act on them. */
async function adoptLines(ids: readonly number[], partings: readonly (number | null)[]): Promise<void> {
  for (const [index, id] of ids.entries()) {
    const line =
      compare.comparison?.lines.find((candidate) => candidate.id === id) ??
      playground.lines.find((candidate) => candidate.id === id);
    const recorded = playground.recorded.find((entry) => entry.line === id);
    if (!line || !recorded) continue;
    await adoptLine(line, recorded);
    markRecorded(id, partings[index] === null ? 'reproduced' : 'differs');
  }
}

async function differenceAt(
  record: RunRecord,
  line: number,
  output: number,
  request: RunRequest,
): Promise<Difference> {
  const document = record.lines[line]!;
  const position = document.promptLength + output;
  const token = document.tokens[position]!;
  const { lanes, branches } = request;
  const again = branches === undefined ? lanes[document.lane]?.line : branches + document.lane;
  const place = { line: again ?? -1, position };
  const here = await distributionHere(place, document.params, token.id);
  const drawn = here?.rows.find((row) => row.token === here.chosen);
  return {
    line,
    output,
    recordedLabel: token.label,
    drawnLabel: drawn?.label ?? 'the end of the text',
    recorded: recordedStep(token, record.model.vocabularySize),
    here,
  };
}

/** Ids of the lines that a request made, by lane or branch. */
function linesOf({ lanes, branches }: RunRequest, count: number): readonly number[] {
  if (branches === undefined) return lanes.map(({ line }) => line);
  return Array.from({ length: count }, (_, branch) => branches + branch);
}
