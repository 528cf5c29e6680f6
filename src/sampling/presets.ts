/** Chains that other systems use, as complete parameters. The caller keeps its own seed and bias. */
import { TEMPERATURE_FIRST_ORDER, type SamplingParams } from './params.ts';
import { defaultParams, neutralParams } from './parameter_table.ts';

export interface ParamsPreset {
  readonly id: string;
  readonly label: string;
  readonly help: string;
  readonly params: SamplingParams;
}

export const PARAMS_PRESETS: readonly ParamsPreset[] = [
  {
    id: 'llama.cpp',
    label: 'llama.cpp',
    help: 'Top-k 40, top-p 0.95, min-p 0.05, and temperature 0.8 last: the cuts see the model’s own distribution.',
    params: defaultParams(),
  },
  {
    id: 'openai',
    label: 'OpenAI',
    help: 'Temperature 1 first, then top-p 1; nothing else.',
    params: { ...neutralParams(), order: TEMPERATURE_FIRST_ORDER },
  },
  {
    id: 'hugging-face',
    label: 'Hugging Face',
    help: 'Temperature 1 first, then top-k 50: the cuts see the heated distribution.',
    params: { ...neutralParams(), order: TEMPERATURE_FIRST_ORDER, topK: 50 },
  },
  {
    id: 'neutral',
    label: 'Neutral',
    help: 'No stage changes anything: the model’s own distribution at temperature 1.',
    params: neutralParams(),
  },
];
