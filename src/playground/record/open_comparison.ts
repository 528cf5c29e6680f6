/** Converts a record's comparison to the one that the page shows. */
import type { BranchResult, RunResult, VoteShare } from '../../decoding/events.ts';
import { laneDifference } from '../compare/lane_gestures.ts';
import { restoredMethod } from '../method.ts';
import type { Comparison } from '../compare/state.svelte.ts';
import { allTokens, outputText, type PageText } from '../texts/text.ts';
import type { Settings } from '../settings.ts';
import type { DocumentComparison, DocumentOutcome } from './comparison_schema.ts';

/**
 * @param made its id and settings on the page
 * @param texts the record's texts on the page
 */
export function comparisonOf(
  document: DocumentComparison,
  made: Pick<Comparison, 'id' | 'settings'>,
  texts: readonly PageText[],
): Omit<Comparison, 'texts'> {
  const { strategy, params, lanes, sharedLuck, stop, usage, outcome, greedy } = document;
  const branches = texts.map((text, index) => branchResult(text, index, texts, outcome));
  const [first] = texts;
  return {
    ...made,
    strategy,
    prompt: first ? allTokens(first).slice(0, first.promptLength) : [],
    params,
    patches: lanes,
    sharedLuck,
    stop,
    differences: texts.map((_, index) =>
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
  text: PageText,
  branch: number,
  texts: readonly PageText[],
  outcome: DocumentOutcome | null,
): BranchResult {
  const output = allTokens(text).slice(text.promptLength);
  const totalLogprob = output.reduce((sum, { rawLogprob }) => sum + rawLogprob, 0);
  const averageLogprob = output.length === 0 ? 0 : totalLogprob / output.length;
  const parent = texts.findIndex(({ id }) => id === text.parent);
  return {
    ...unjudged,
    ...outcome?.judgements[branch],
    branch,
    lane: 0,
    parent: parent < 0 ? null : parent,
    shared: (text.forkedAt ?? text.promptLength) - text.promptLength,
    tokens: output.map(({ token }) => token),
    text: outputText(text),
    reason: text.reason ?? 'stopped',
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
