/** The beginning of a run: the prompt's prefill and the branches that grow from it. */
import { EngineError, type PrefillResult, type TokenId } from '../engines/contract.ts';
import type { SamplingParams } from '../sampling/params.ts';
import { Sampler } from '../sampling/sampler.ts';
import { Branch } from './branch.ts';
import { resolveBreakers } from './dry_breakers.ts';
import { PromptScorer, scoringOptions } from './prompt_scores.ts';
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
  const root = await prefillPrompt(run);
  try {
    for (const opening of openings) {
      const prefix = run.spec.lanes[opening.lane]!.prefix ?? [];
      run.branches.push(
        prefix.length > 0
          ? await continued(run, opening, prefix)
          : newBranch(run, opening, { ...root, sequence: session.fork(root.sequence) }),
      );
    }
  } finally {
    session.release(root.sequence);
  }
  run.timing.prefillMs = run.now() - started;
  run.emit({
    type: 'branches',
    started: run.branches.map(({ id, lane }) => ({ branch: id, lane, parent: null, shared: 0 })),
  });
  for (const branch of run.branches) {
    if (stop.maxTokens === 0) run.end(branch, 'max-tokens');
  }
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
  run.timing.reusedTokens = result.reused;
  return result;
}

function newBranch(run: Run, { lane, params, stream }: Opening, { sequence, logits }: PrefillResult): Branch {
  const { tokenizer, model } = run.engine;
  const { prompt, stop } = run.spec;
  // The decoder reads the prompt too, for a character may begin there and end in the output.
  const decoder = tokenizer.decoder();
  for (const token of prompt) if (tokenizer.kind(token) !== 'control') decoder.push(token);
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

/** A branch that begins with tokens given by hand; its chain and its grammar have seen them as if they had been drawn. */
async function continued(run: Run, opening: Opening, prefix: readonly TokenId[]): Promise<Branch> {
  const { session, tokenizer } = run.engine;
  const { prompt } = run.spec;
  const { memory, signal } = run.options;
  const tokens = [...prompt, ...prefix];
  const { params } = opening;
  const remembers = params.mirostat > 0 || params.adaptiveTarget >= 0;
  const past: Float32Array[] = [];
  const result = await session.prefill(tokens, {
    ...(signal ? { signal } : {}),
    ...(remembers
      ? {
          onLogits: (position: number, logits: Float32Array): void => {
            if (position >= prompt.length - 1) past.push(logits);
          },
        }
      : {}),
  });
  run.timing.reusedTokens += result.reused;
  memory?.put(tokens, result.logits);
  const branch = newBranch(run, opening, result);
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
  branch.node = memory?.node(tokens) ?? 0;
  return branch;
}
