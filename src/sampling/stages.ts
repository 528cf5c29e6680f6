/** The list of stages. A new stage is a file in `samplers/`; its definition and its builder are named here. */
import * as adaptiveP from './samplers/adaptive_p.ts';
import * as dry from './samplers/dry.ts';
import * as grammar from './samplers/grammar.ts';
import * as logitBias from './samplers/logit_bias.ts';
import * as minP from './samplers/min_p.ts';
import * as mirostat from './samplers/mirostat.ts';
import * as penalties from './samplers/penalties.ts';
import * as temperature from './samplers/temperature.ts';
import * as topA from './samplers/top_a.ts';
import * as topK from './samplers/top_k.ts';
import * as topNSigma from './samplers/top_n_sigma.ts';
import * as topP from './samplers/top_p.ts';
import * as typicalP from './samplers/typical_p.ts';
import * as xtc from './samplers/xtc.ts';

/** In the order of the default chain: llama.cpp's, with the grammar's mask first, and top-a after top-k as in KoboldAI. */
export const DEFINITIONS = [
  grammar.definition,
  logitBias.definition,
  penalties.definition,
  dry.definition,
  topNSigma.definition,
  topK.definition,
  topA.definition,
  typicalP.definition,
  topP.definition,
  minP.definition,
  xtc.definition,
  temperature.definition,
  mirostat.definition,
  adaptiveP.definition,
] as const;

/** By name; `chain.ts` does not compile when one is missing. The page's bundle leaves this list out. */
export const BUILDERS = {
  grammar: grammar.build,
  logit_bias: logitBias.build,
  penalties: penalties.build,
  dry: dry.build,
  top_n_sigma: topNSigma.build,
  top_k: topK.build,
  top_a: topA.build,
  typical_p: typicalP.build,
  top_p: topP.build,
  min_p: minP.build,
  xtc: xtc.build,
  temperature: temperature.build,
  mirostat: mirostat.build,
  adaptive_p: adaptiveP.build,
} as const;
