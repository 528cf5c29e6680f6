/** The beginning of a run: prefills the prompt and opens its branches. */
import {
  EngineError,
  type PrefillResult,
  type SequenceId,
  type Session,
  type StreamDecoder,
  type TokenId,
} from '../engines/contract.ts';
import type { SamplingParams } from '../sampling/params.ts';
import { Sampler } from '../sampling/sampler.ts';
import { Branch } from './branch.ts';
import { resolveBreakers } from './dry_breakers.ts';
import { PromptScorer, scoringOptions } from './prompt_scores.ts';
import { remembers } from './rederive.ts';
import type { Run } from './run.ts';
import { StopWatcher } from './stopping.ts';

export interface Opening {
  readonly lane: number;
  readonly params: SamplingParams;
  readonly stream: number;
}

/** @throws EngineError, SamplingError */
export async function openBranches(run: Run, openings: readonly Opening[]): Promise<void> {
  const { session, model } = run.engine;
  const { prompt, stop } = run.spec;
  if (prompt.length > model.contextLength) {
    throw new EngineError(
      'context-full',
      `The prompt has ${prompt.length} tokens and the context holds ${model.contextLength}; shorten the prompt.`,
    );
  }
  const started = run.now();
  const decoder = promptDecoder(run);
  const prefixes = openings.map(({ lane }) => run.spec.lanes[lane]!.prefix ?? []);
  // Branches that begin at the prompt's end fork its sequence, but the last of them takes it over: one lane needs no fork.
  let heirs = prefixes.filter((prefix) => prefix.length === 0).length;
  const root = heirs > 0 || run.spec.scorePrompt ? await prefillPrompt(run) : null;
  if (heirs === 0 && root !== null) session.release(root.sequence);
  try {
    for (const [i, opening] of openings.entries()) {
      const prefix = prefixes[i]!;
      if (prefix.length > 0 || root === null) {
        run.begin(await continued(run, opening, prefix, decoder.clone()));
        continue;
      }
      const sequence = heirs > 1 ? session.fork(root.sequence) : root.sequence;
      heirs--;
      run.begin(
        await orReleased(session, sequence, () =>
          newBranch(run, opening, { ...root, sequence }, decoder.clone()),
        ),
      );
    }
  } finally {
    if (heirs > 0 && root !== null) session.release(root.sequence);
  }
  run.timing.prefillMs = run.now() - started;
  for (const branch of run.branches) {
    if (stop.maxTokens === 0) run.end(branch, 'max-tokens');
  }
}

/** Runs `make`, and releases the sequence if that fails, because nobody else would. */
async function orReleased<T>(session: Session, sequence: SequenceId, make: () => T | Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    session.release(sequence);
    throw error;
  }
}

/** A decoder that has read the prompt, because a character may begin there and end in the output. */
function promptDecoder({ engine, spec }: Run): StreamDecoder {
  const decoder = engine.tokenizer.decoder();
  for (const token of spec.prompt) if (engine.tokenizer.kind(token) !== 'control') decoder.push(token);
  return decoder;
}

async function prefillPrompt(run: Run): Promise<PrefillResult> {
  const { prompt, scorePrompt } = run.spec;
  const { memory, signal } = run.options;
  const scorer = new PromptScorer(prompt);
  let node = memory?.node([]) ?? 0;
  const result = await run.engine.session.prefill(prompt, {
    onProgress: (done, total) => run.emit({ type: 'prefill', done, total }),
    ...(signal ? { signal } : {}),
    ...(scorePrompt && memory === undefined
      ? scoringOptions(scorer, run.engine.capabilities.summaryTop)
      : {}),
    ...(scorePrompt && memory !== undefined
      ? {
          onLogits: (position: number, logits: Float32Array): void => {
            scorer.push(position, logits);
            node = memory.extend(node, prompt[position]!);
            memory.putAt(node, logits);
          },
        }
      : {}),
  });
  if (scorePrompt) run.emit({ type: 'prompt', records: scorer.records });
  memory?.put(prompt, result.logits);
  run.timing.promptTokens += prompt.length;
  run.timing.reusedTokens += result.reused;
  return result;
}

function newBranch(
  run: Run,
  { lane, params, stream }: Opening,
  { sequence, logits }: PrefillResult,
  decoder: StreamDecoder,
): Branch {
  const { tokenizer, model } = run.engine;
  const { prompt, stop } = run.spec;
  const dryBreakers = params.dryMultiplier > 0 ? resolveBreakers(params.dryBreakers, tokenizer) : new Map();
  const context = { vocabularySize: model.vocabularySize, stream, dryBreakers };
  return new Branch({
    id: run.branches.length,
    lane,
    parent: null,
    shared: 0,
    sequence,
    history: [...prompt],
    promptLength: prompt.length,
    prefixLength: 0,
    sampler: new Sampler(params, context, run.candidates),
    decoder,
    stopper: new StopWatcher(stop.sequences),
    constraint: run.options.constraint?.(lane) ?? null,
    logits,
    node: run.options.memory?.node(prompt) ?? 0,
  });
}

/** A branch that begins with given tokens; its chain and its grammar have seen them as if they had been drawn. */
async function continued(
  run: Run,
  opening: Opening,
  prefix: readonly TokenId[],
  decoder: StreamDecoder,
): Promise<Branch> {
  const { session } = run.engine;
  const { prompt } = run.spec;
  const { memory, signal } = run.options;
  const tokens = [...prompt, ...prefix];
  const { params } = opening;
  const past: Float32Array[] = [];
  const result = await session.prefill(tokens, {
    ...(signal ? { signal } : {}),
    ...(remembers(params)
      ? {
          onLogits: (position: number, logits: Float32Array): void => {
            if (position >= prompt.length - 1) past.push(logits);
          },
        }
      : {}),
  });
  run.timing.promptTokens += tokens.length;
  run.timing.reusedTokens += result.reused;
  memory?.put(tokens, result.logits);
  return orReleased(session, result.sequence, () => grown(run, opening, prefix, result, past, decoder));
}

/** @param past logits that each token of the prefix was drawn from, if the chain remembers */
async function grown(
  run: Run,
  opening: Opening,
  prefix: readonly TokenId[],
  result: PrefillResult,
  past: readonly Float32Array[],
  decoder: StreamDecoder,
): Promise<Branch> {
  const { tokenizer } = run.engine;
  const branch = newBranch(run, opening, result, decoder);
  for (const [i, token] of prefix.entries()) {
    const allowed = (await branch.constraint?.allowed()) ?? null;
    const position = branch.history.length;
    const logits = past[i];
    if (logits) branch.sampler.sample(logits, { history: branch.history, position, allowed });
    branch.sampler.accept(token);
    branch.constraint?.accept(token);
    branch.history.push(token);
    if (tokenizer.kind(token) !== 'control') branch.stopper.skip(branch.decoder.push(token));
  }
  branch.prefixLength = prefix.length;
  branch.node = run.options.memory?.node([...run.spec.prompt, ...prefix]) ?? 0;
  return branch;
}
