/** What a strategy needs of an engine, so that the page can disable what the engine cannot run and say why. */
import type { Capabilities } from '../engines/contract.ts';
import type { RunSpec, Strategy } from './events.ts';

const NAMES: Readonly<Record<Strategy['kind'], string>> = {
  sample: 'Sampling',
  greedy: 'Greedy decoding',
  beam: 'Beam search',
  'best-of-n': 'Best of N',
  'majority-vote': 'Majority vote',
  'first-valid': 'First valid',
};

/** @returns why this engine cannot run it, as one sentence; null if it can */
export function unmetNeed(
  strategy: Strategy['kind'],
  capabilities: Capabilities,
  lanes: number,
): string | null {
  if (capabilities.logits !== 'full') {
    return `${NAMES[strategy]} here needs a logit for every token, and this engine gives ${
      capabilities.logits === 'none' ? 'none' : `only the ${capabilities.maxLogprobs} most likely`
    }; choose an engine with full logits.`;
  }
  if (!capabilities.fork && (lanes > 1 || (strategy !== 'sample' && strategy !== 'greedy'))) {
    return `${NAMES[strategy]} needs sequences that share a prompt, and this engine cannot fork one; use a single lane.`;
  }
  return null;
}

/** Options of a strategy that are out of range, as one sentence; null if there are none. */
export function strategyProblem({ strategy, lanes, stop, topCandidates = 0 }: RunSpec): string | null {
  const whole = (name: string, value: number, min: number, max: number): string | null =>
    Number.isInteger(value) && value >= min && value <= max
      ? null
      : `${name} is ${value}, but must be a whole number from ${min} to ${max}.`;
  if (lanes.length === 0) return 'There is no lane to run; add one.';
  if (lanes.length > 1 && strategy.kind !== 'sample' && strategy.kind !== 'greedy') {
    return `${NAMES[strategy.kind]} takes one lane, not ${lanes.length}; remove the others.`;
  }
  const limits =
    whole('Max tokens', stop.maxTokens, 0, 1_000_000) ?? whole('Top candidates', topCandidates, 0, 1_000_000);
  if (limits !== null) return limits;
  switch (strategy.kind) {
    case 'sample':
    case 'greedy':
      return null;
    case 'beam':
      if (!(strategy.lengthPenalty >= 0 && strategy.lengthPenalty <= 10)) {
        return `The length penalty is ${strategy.lengthPenalty}, but must be from 0 to 10.`;
      }
      return whole('The beam width', strategy.width, 1, 64);
    default:
      return whole('The number of samples', strategy.n, 1, 256);
  }
}
