/** From parameters to the stages that run, in order. */
import type { SamplingParams, StageName } from './params.ts';
import { adaptiveP } from './samplers/adaptive_p.ts';
import { dry, type DryBreakers } from './samplers/dry.ts';
import { grammar } from './samplers/grammar.ts';
import { logitBias } from './samplers/logit_bias.ts';
import { minP } from './samplers/min_p.ts';
import { mirostat } from './samplers/mirostat.ts';
import { penalties } from './samplers/penalties.ts';
import type { Stage } from './samplers/stage.ts';
import { temperature } from './samplers/temperature.ts';
import { topK } from './samplers/top_k.ts';
import { topNSigma } from './samplers/top_n_sigma.ts';
import { topP } from './samplers/top_p.ts';
import { typicalP } from './samplers/typical_p.ts';
import { xtc } from './samplers/xtc.ts';

/** These pick by a rule of their own and end the chain, wherever the order names them. */
const LAST: readonly StageName[] = ['mirostat', 'adaptive_p'];
/** What mirostat leaves in place. */
const WITH_MIROSTAT: ReadonlySet<StageName> = new Set<StageName>([
  'grammar',
  'logit_bias',
  'penalties',
  'temperature',
  'mirostat',
]);

/** What a chain needs to know besides its parameters. */
export interface ChainContext {
  readonly vocabularySize: number;
  /** The generator's stream of this sequence; default 0. */
  readonly stream?: number;
  /** `params.dryBreakers` as tokens; without them DRY knows no breakers. */
  readonly dryBreakers?: DryBreakers;
}

/** The names in `params.order` that may run, in the order in which they do; neutral ones still among them. */
export function chainOrder(params: SamplingParams): StageName[] {
  const on = params.order.filter((name) => !params.off.includes(name));
  const steered = on.includes('mirostat') && params.mirostat > 0;
  const running = steered ? on.filter((name) => WITH_MIROSTAT.has(name)) : on;
  return [
    ...running.filter((name) => !LAST.includes(name)),
    ...LAST.filter((name) => running.includes(name)),
  ];
}

/** The stages that are not neutral, new and without a past. */
export function buildChain(params: SamplingParams, context: ChainContext): Stage[] {
  return chainOrder(params)
    .map((name) => buildStage(name, params, context))
    .filter((stage) => stage !== null);
}

function buildStage(name: StageName, params: SamplingParams, context: ChainContext): Stage | null {
  switch (name) {
    case 'grammar':
      return grammar;
    case 'logit_bias':
      return logitBias(params.logitBias);
    case 'penalties':
      return penalties(params);
    case 'dry':
      return dry(params, context.dryBreakers ?? new Map());
    case 'top_n_sigma':
      return topNSigma(params.topNSigma);
    case 'top_k':
      return topK(params.topK);
    case 'typical_p':
      return typicalP(params.typicalP, params.minKeep);
    case 'top_p':
      return topP(params.topP, params.minKeep);
    case 'min_p':
      return minP(params.minP, params.minKeep);
    case 'xtc':
      return xtc(params, context.stream ?? 0);
    case 'temperature':
      return temperature(params);
    case 'mirostat':
      return mirostat(params, context.vocabularySize);
    case 'adaptive_p':
      return adaptiveP(params);
  }
}
