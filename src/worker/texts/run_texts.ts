/** A run for the page: it uses the page's ids, continues texts, and sends events once per frame. */
import type { Engine, TokenId } from '../../engines/contract.ts';
import { runDecoding } from '../../decoding/decode.ts';
import type { BranchStart, RunEvent, RunResult, RunSpec, StepRecord } from '../../decoding/events.ts';
import { laneConstraints } from '../../decoding/grammar/compile.ts';
import type { LogitMemory } from '../../decoding/logit_memory.ts';
import type { MatchPattern } from '../../decoding/pattern.ts';
import type { Rederiver } from '../../decoding/rederive.ts';
import { NO_TIME } from '../../decoding/run.ts';
import { EngineError } from '../../engines/contract.ts';
import type { TextEvent, TextStep, RunRequest } from '../api/worker_api.ts';
import { batched } from './event_batch.ts';
import { forcedRecord } from './forced_record.ts';
import type { HeldText, TextsById } from './texts_by_id.ts';
import { promptScored, promptScores } from './scored_prompt.ts';

export interface RunContext {
  readonly texts: TextsById;
  readonly memory: LogitMemory;
  readonly rederiver: Rederiver;
  readonly matchPattern: MatchPattern;
  readonly signal: AbortSignal;
  readonly onEvents: (events: readonly TextEvent[]) => void;
}

export async function runTexts(engine: Engine, request: RunRequest, context: RunContext): Promise<RunResult> {
  const { tokenizer } = engine;
  const parent = request.from ? context.texts.require(request.from.text) : null;
  const start = parent
    ? continuation(parent, request.from!)
    : { prompt: request.prompt, prefix: [], byHand: new Set<number>() };
  if (start.prompt.length === 0) {
    throw new EngineError(
      'empty-prompt',
      'The prompt is empty, and nothing can follow nothing; type a word or two.',
    );
  }
  // Compile grammars before anything is held, so that an unusable grammar changes nothing.
  const constraint = await laneConstraints(
    request.lanes.map(({ params }) => params),
    tokenizer,
  );
  const events = batched<TextEvent>((items) => context.onEvents(merged(items)));
  const { branches: firstBranch = null } = request;
  const hold = (id: number, stream: number, outputs: readonly TokenId[]): HeldText =>
    context.texts.hold(id, {
      tokens: [...start.prompt, ...outputs],
      promptLength: start.prompt.length,
      stream,
      byHand: start.byHand,
    });
  const held =
    firstBranch === null ? request.lanes.map(({ text, stream }) => hold(text, stream, start.prefix)) : [];
  const idOf = (branch: number): number =>
    firstBranch === null ? request.lanes[branch]!.text : firstBranch + branch;
  const textOf = (branch: number): { text: HeldText; id: number } => ({
    text: held[branch]!,
    id: idOf(branch),
  });
  /** Samples draw from the lane's stream and the following ones. Beams draw nothing and share its number. */
  function begin({ branch, parent, shared }: BranchStart): void {
    const { stream } = request.lanes[0]!;
    const before = parent === null ? [] : held[parent]!.tokens.slice(start.prompt.length).slice(0, shared);
    held[branch] = hold(idOf(branch), stream + (parent === null ? branch : 0), before);
    const from = parent === null ? null : idOf(parent);
    events.push({ type: 'branch', text: idOf(branch), parent: from, shared });
  }
  const step = (record: StepRecord): TextStep => ({
    record,
    label: tokenizer.label(record.token),
    kind: tokenizer.kind(record.token),
  });

  const forced = request.from?.token;
  if (forced !== undefined) {
    const { params, stream, text } = request.lanes[0]!;
    const { memory, rederiver, signal } = context;
    try {
      const record = await forcedRecord(engine, memory, rederiver, held[0]!, params, stream, signal);
      events.push({ type: 'steps', text, steps: [step(record)] });
    } catch (error) {
      if (!signal.aborted) throw error;
      // The run was stopped before it drew anything, which is not a failure.
      return nothingDrawn;
    }
  }

  function pass(event: RunEvent): void {
    switch (event.type) {
      case 'prefill':
        events.push(event);
        break;
      case 'prompt':
        events.push({ type: 'prompt-scores', scores: promptScores(event.records) });
        break;
      case 'step':
        events.push({ type: 'usage', usage: { ...engine.session.usage } });
        for (const record of event.records) {
          const { text, id } = textOf(record.branch);
          text.tokens.push(record.token);
          events.push({ type: 'steps', text: id, steps: [step(record)] });
        }
        break;
      case 'branch-end':
        events.push({ type: 'text-end', text: textOf(event.result.branch).id, reason: event.result.reason });
        break;
      case 'branches':
        if (firstBranch !== null) event.started.forEach(begin);
        break;
      case 'beams':
      case 'end':
        break;
    }
  }

  if (request.stop.maxTokens === 0) {
    for (const { text } of request.lanes) events.push({ type: 'text-end', text, reason: 'max-tokens' });
    events.flush();
    return nothingDrawn;
  }
  const spec: RunSpec = {
    prompt: start.prompt,
    strategy: request.strategy,
    lanes: request.lanes.map(({ params, stream }) => ({ params, stream, prefix: start.prefix })),
    stop: request.stop,
    scorePrompt: parent === null && promptScored(engine, start.prompt.length),
  };
  try {
    return await runDecoding(engine, spec, {
      onEvent: pass,
      signal: context.signal,
      memory: context.memory,
      constraint,
      matchPattern: context.matchPattern,
    });
  } finally {
    events.flush();
  }
}

/** The result of a run that draws nothing. */
const nothingDrawn: RunResult = {
  branches: [],
  winner: null,
  ranking: [],
  votes: [],
  timing: NO_TIME,
  error: null,
};

function continuation(
  parent: HeldText,
  from: NonNullable<RunRequest['from']>,
): { prompt: TokenId[]; prefix: TokenId[]; byHand: ReadonlySet<number> } {
  const { promptLength } = parent;
  const prefix = parent.tokens.slice(promptLength, promptLength + from.outputs);
  const byHand = new Set([...parent.byHand].filter((output) => output < from.outputs));
  if (from.token !== undefined) {
    byHand.add(prefix.length);
    prefix.push(from.token);
  }
  return { prompt: parent.tokens.slice(0, promptLength), prefix, byHand };
}

/** Merges consecutive steps of a text into one event, and keeps only the highest count of KV pages. */
function merged(events: readonly TextEvent[]): TextEvent[] {
  const out: TextEvent[] = [];
  const open = new Map<number, TextStep[]>();
  const most = Math.max(
    ...events.map((event) => (event.type === 'usage' ? event.usage.pagesUsed : -Infinity)),
  );
  const peak = events.find((event) => event.type === 'usage' && event.usage.pagesUsed === most);
  for (const event of events) {
    if (event.type === 'usage' && event !== peak) continue;
    if (event.type !== 'steps') {
      // A branch shares its parent's steps so far, so later steps of the parent must stay behind it.
      if (event.type === 'branch') open.clear();
      out.push(event);
      continue;
    }
    const steps = open.get(event.text);
    if (steps) {
      steps.push(...event.steps);
    } else {
      const fresh = [...event.steps];
      open.set(event.text, fresh);
      out.push({ ...event, steps: fresh });
    }
  }
  return out;
}
