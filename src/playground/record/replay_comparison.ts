/** Runs an opened comparison again as it was run: all lanes, samples or beams in one batch. */
import type { BranchResult, Strategy } from '../../decoding/events.ts';
import type { TokenId } from '../../engines/contract.ts';
import type { RunRequest } from '../../worker/api/worker_api.ts';
import { mostBranches } from '../method.ts';
import { tell, worker } from '../connection.ts';
import { sameParams } from '../same_params.ts';
import { playground } from '../state.svelte.ts';
import type { TextComparison } from './compare_texts.ts';
import { computedText } from './computed_text.ts';
import type { DocumentComparison } from './comparison_schema.ts';
import { differenceAt } from './difference.ts';
import type { DocumentText, RunRecord } from './document.ts';
import { engineHere, modelHere } from './here.ts';
import { documentOutcome } from './make_comparison.ts';
import type { Difference, Opened } from './opened.svelte.ts';

export interface Computed {
  readonly record: RunRecord;
  /** The earliest token that differs, in the first text that has one there. */
  readonly difference: Difference | null;
}

export interface Replaying {
  /** Collects what differs. */
  readonly compared: TextComparison;
  /** Throws once Stop was pressed, or another model is wanted. */
  readonly goOn: () => void;
}

/** @throws EngineError `aborted` when it was stopped */
export async function replayComparison(
  { record, texts: ids }: Opened,
  comparison: DocumentComparison,
  { compared, goOn }: Replaying,
): Promise<Computed> {
  const request = requestOf(record, comparison);
  let usage = comparison.usage && { ...comparison.usage, pagesUsed: 0 };
  const result = await worker().run(request, (events) => {
    for (const event of events)
      if (event.type === 'usage' && event.usage.pagesUsed > (usage?.pagesUsed ?? -1)) usage = event.usage;
  });
  try {
    goOn();
    if (result.error) throw new Error(result.error.message);
    const greedy = comparison.greedy && (await greedyOf(request));
    goOn();
    const texts: DocumentText[] = [];
    for (const [index, document] of record.lines.entries()) {
      texts.push(
        await computedBranch(document, ids[index]!, result.branches[document.lane], record, comparison),
      );
      goOn();
      compared.text(document, texts[index]!, 0);
      const length = result.branches[document.lane]?.tokens.length;
      if (document.promptLength + (length ?? 0) !== document.tokens.length)
        compared.wrong(`how long text ${document.name} is`);
      if (document.lane !== texts[index]!.lane) compared.wrong(`which lane text ${document.name} is`);
      if (document.parent !== texts[index]!.parent || document.forkedAt !== texts[index]!.forkedAt)
        compared.wrong(`where text ${document.name} branches off`);
    }
    const outcome = documentOutcome(
      result,
      record.lines.map(({ lane }) => lane),
    );
    compareOutcomes(comparison, { outcome, greedy }, compared);
    compareKnobs(record, comparison, compared);
    const partings = record.lines.map((text) => parting(text, result.branches[text.lane]?.tokens ?? []));
    const first = Math.min(...partings.map((at) => at ?? Infinity));
    const text = Math.max(0, partings.indexOf(first));
    const { lane, params } = record.lines[text]!;
    const again = { text: textsOf(request, result.branches.length)[lane] ?? -1, params };
    return {
      record: {
        ...record,
        lines: texts,
        strategy: comparison.strategy.kind,
        engine: engineHere(),
        model: await modelHere(),
        comparison: {
          ...comparison,
          sharedLuck: comparison.sharedLuck && together(comparison.strategy),
          outcome,
          greedy,
          usage,
        },
      },
      difference: first === Infinity ? null : await differenceAt(record, text, first, again),
    };
  } finally {
    for (const text of textsOf(request, result.branches.length)) tell((asked) => asked.forget(text));
  }
}

/** The recorded tokens of a text with the numbers, the end and the place among the others that were computed here. */
async function computedBranch(
  document: DocumentText,
  id: number,
  branch: BranchResult | undefined,
  { lines: texts }: RunRecord,
  { strategy, stop, sharedLuck }: DocumentComparison,
): Promise<DocumentText> {
  const lane = texts.indexOf(document);
  const lanes = together(strategy);
  const beams = strategy.kind === 'beam';
  const stream = beams || (lanes && sharedLuck) ? 0 : document.lane;
  const { promptLength } = document;
  const tokens = document.tokens.map((token) => token.id);
  // The worker holds the recorded text from now on, for the charts and the knobs.
  await worker().adopt(id, { tokens, promptLength, stream, byHand: [] });
  const depth = 8 + Math.max(0, ...document.tokens.map(({ top }) => top.length));
  const parts = [{ from: promptLength, params: document.params }];
  const here = await worker().replay({ text: id, parts, depth, beams, stepwise: false });
  if (!here || !branch)
    throw new Error('A text of the comparison is gone; open the record again to replay it.');
  const parent = texts.findIndex((text) => !lanes && text.lane === branch.parent);
  const longest = Math.max(...texts.map((text) => text.tokens.length - text.promptLength));
  // A stopped run is repeated as far as it came.
  const short = branch.reason === 'max-tokens' && longest < stop.maxTokens;
  return {
    ...computedText(document, here, {
      reason: short ? 'stopped' : branch.reason,
      visible: branch.text.length,
    }),
    // Nobody chooses a token of a comparison by hand.
    byHand: [],
    drawn: [],
    stream,
    ...(lanes ? { lane } : {}),
    parent: parent < 0 ? null : parent,
    forkedAt: parent < 0 ? null : promptLength + branch.shared,
  };
}

/** Lanes, and not branches of one setting. */
function together({ kind }: Strategy): boolean {
  return kind === 'sample' || kind === 'greedy';
}

/** The greedy text beside a beam search. */
async function greedyOf({ prompt, lanes, stop }: RunRequest): Promise<DocumentComparison['greedy']> {
  const text = playground.newId();
  const { branches } = await worker().run(
    { prompt, lanes: [{ ...lanes[0]!, text }], strategy: { kind: 'greedy' }, stop },
    () => undefined,
  );
  tell((asked) => asked.forget(text));
  const [branch] = branches;
  return branch ? { text: branch.text, tokens: branch.tokens, totalLogprob: branch.totalLogprob } : null;
}

function compareOutcomes(
  { outcome, greedy }: DocumentComparison,
  here: Pick<DocumentComparison, 'outcome' | 'greedy'>,
  compared: TextComparison,
): void {
  if (outcome && here.outcome) {
    const is = here.outcome;
    const votesOf = ({ votes }: typeof outcome): string =>
      JSON.stringify(votes.map(({ answer, branches }) => [answer, branches]));
    if (outcome.winner !== is.winner) compared.wrong('which text stands');
    if (outcome.ranking.join() !== is.ranking.join()) compared.wrong('the order of the texts');
    if (votesOf(outcome) !== votesOf(is)) compared.wrong('the votes');
    outcome.judgements.forEach(({ score, valid, answer }, index) => {
      const judged = is.judgements[index]!;
      if (valid !== judged.valid || answer !== judged.answer || !compared.agrees(score, judged.score))
        compared.wrong(`how text ${index + 1} was judged`);
    });
  }
  if (greedy && here.greedy) {
    const same = greedy.text === here.greedy.text && greedy.tokens.join() === here.greedy.tokens.join();
    if (!same || !compared.agrees(greedy.totalLogprob, here.greedy.totalLogprob))
      compared.wrong('the greedy text beside the beams');
  }
}

/** Each text must have the comparison's parameters with the changes of its lane. */
function compareKnobs(
  { lines: texts, strategy }: RunRecord,
  { params, lanes, strategy: { kind } }: DocumentComparison,
  compared: TextComparison,
): void {
  if (strategy !== kind) compared.wrong('the strategy');
  texts.forEach((text, index) => {
    const all = { ...params, ...lanes[index] };
    if (!sameParams(all, text.params)) compared.wrong(`the parameters of text ${text.name}`);
    if (text.drawn.length > 0) compared.wrong(`what drew text ${text.name}`);
  });
}

function requestOf(record: RunRecord, { strategy, stop, params }: DocumentComparison): RunRequest {
  const [first] = record.lines;
  const prompt = first!.tokens.slice(0, first!.promptLength).map(({ id }) => id);
  const longest = Math.max(...record.lines.map(({ tokens, promptLength }) => tokens.length - promptLength));
  // A run that was stopped is repeated as far as it came.
  const stopped = record.lines.some(({ reason }) => reason === 'stopped');
  const conditions = stopped ? { ...stop, maxTokens: Math.max(1, longest) } : stop;
  if (together(strategy)) {
    const lanes = record.lines.map((text) => ({
      text: playground.newId(),
      params: text.params,
      stream: text.stream,
    }));
    return { prompt, lanes, strategy, stop: conditions };
  }
  return {
    prompt,
    lanes: [{ text: playground.newId(), params, stream: 0 }],
    branches: playground.newIds(mostBranches(strategy, conditions.maxTokens)),
    strategy,
    stop: conditions,
  };
}

/** Index of the first output token that differs or is missing; null if all recorded tokens were reproduced. */
function parting({ tokens, promptLength }: DocumentText, again: readonly TokenId[]): number | null {
  const at = tokens.slice(promptLength).findIndex(({ id }, output) => id !== again[output]);
  return at < 0 ? null : at;
}

/** Ids of the texts that a request made, by lane or branch. */
function textsOf({ lanes, branches }: RunRequest, count: number): readonly number[] {
  if (branches === undefined) return lanes.map(({ text }) => text);
  return Array.from({ length: count }, (_, branch) => branches + branch);
}
