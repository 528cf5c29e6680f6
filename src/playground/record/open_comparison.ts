/** Converts a record's comparison to the one that the page shows. */
import type { BranchResult, RunResult, VoteShare } from '../../decoding/events.ts';
import { laneDifference } from '../compare/lane_gestures.ts';
import { restoredMethod } from '../method.ts';
import type { Comparison } from '../compare/state.svelte.ts';
import { allTokens, outputText, type Line } from '../texts/line.ts';
import type { Settings } from '../settings.ts';
import type { DocumentComparison, DocumentOutcome } from './comparison_schema.ts';

/**
 * @param made its id and settings on the page
 * @param lines the record's texts on the page
 */
export function comparisonOf(
  document: DocumentComparison,
  made: Pick<Comparison, 'id' | 'settings'>,
  lines: readonly Line[],
): Omit<Comparison, 'lines'> {
  const { strategy, params, lanes, sharedLuck, stop, usage, outcome, greedy } = document;
  const branches = lines.map((line, index) => branchResult(line, index, lines, outcome));
  const [first] = lines;
  return {
    ...made,
    strategy,
    prompt: first ? allTokens(first).slice(0, first.promptLength) : [],
    params,
    patches: lanes,
    sharedLuck,
    stop,
    differences: lines.map((_, index) =>
      strategy.kind === 'sample'
        ? laneDifference(lanes[index] ?? {})
        : strategy.kind === 'beam'
          ? ''
          : `draw ${index + 1}`,
    ),
    usage,
    result: outcome && runResult(outcome, branches),
    alone: null,
    greedy: greedy && {
      ...unjudged,
      ...greedy,
      branch: 0,
      lane: 0,
      parent: null,
      shared: 0,
      reason: 'stopped',
      averageLogprob: greedy.totalLogprob / Math.max(1, greedy.tokens.length),
      perplexity: Math.exp(-greedy.totalLogprob / Math.max(1, greedy.tokens.length)),
    },
  };
}

/** The settings with which Run makes the comparison again. */
export function comparisonSettings(
  { strategy, params, lanes, sharedLuck, stop }: DocumentComparison,
  settings: Settings,
): Settings {
  return {
    ...settings,
    params,
    lanes: strategy.kind === 'sample' && lanes.length > 0 ? lanes : settings.lanes,
    method: restoredMethod(strategy, settings.method),
    sharedLuck: strategy.kind === 'sample' ? sharedLuck : settings.sharedLuck,
    maxTokens: stop.maxTokens > 0 ? stop.maxTokens : settings.maxTokens,
    stop: stop.sequences,
    view: { ...settings.view, page: 'compare' },
  };
}

const unjudged = { stopSequence: null, prefix: 0, score: null, valid: null, answer: null } as const;

function branchResult(
  line: Line,
  branch: number,
  lines: readonly Line[],
  outcome: DocumentOutcome | null,
): BranchResult {
  const output = allTokens(line).slice(line.promptLength);
  const totalLogprob = output.reduce((sum, { rawLogprob }) => sum + rawLogprob, 0);
  const averageLogprob = output.length === 0 ? 0 : totalLogprob / output.length;
  const parent = lines.findIndex(({ id }) => id === line.parent);
  return {
    ...unjudged,
    ...outcome?.judgements[branch],
    branch,
    lane: 0,
    parent: parent < 0 ? null : parent,
    shared: (line.forkedAt ?? line.promptLength) - line.promptLength,
    tokens: output.map(({ token }) => token),
    text: outputText(line),
    reason: line.reason ?? 'stopped',
    totalLogprob,
    averageLogprob,
    perplexity: Math.exp(-averageLogprob),
  };
}

function runResult({ winner, ranking, votes, timing }: DocumentOutcome, branches: BranchResult[]): RunResult {
  const answered = votes.reduce((sum, vote) => sum + vote.branches.length, 0);
  return {
    branches,
    winner,
    ranking,
    votes: votes.map((vote): VoteShare => ({
      ...vote,
      votes: vote.branches.length,
      share: vote.branches.length / Math.max(1, answered),
    })),
    timing,
    error: null,
  };
}
