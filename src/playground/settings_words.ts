/** The settings that drew a text, in words, for captions and certificates. */
import { chainOrder, isIdle } from '../sampling/chain_order.ts';
import { PARAMETERS } from '../sampling/parameter_table.ts';
import { activeGrammar, DEFAULT_ORDER, STAGES, type SamplingParams } from '../sampling/params.ts';

const grammarNames = { 'json-schema': 'JSON schema', regex: 'regular expression', ebnf: 'EBNF' } as const;

/**
 * Temperature, seed, and every other setting that differs from neutral: `Temperature 0.8`, `Top-k 40`, `Min-p 0.05`. A stage that is
 * off is left out; one that acts is named with all its numbers.
 * @param except settings that are said elsewhere
 */
export function settingsWords(
  params: SamplingParams,
  except: ReadonlySet<keyof SamplingParams> = new Set(),
): string[] {
  const running = chainOrder(params);
  const acting = running.filter((stage) => !isIdle(stage, params));
  const numbers = PARAMETERS.filter(({ key, stage, neutral }) => {
    if (except.has(key)) return false;
    if (key === 'seed' || key === 'temperature') return stage === null || running.includes(stage);
    if (stage !== null && !acting.includes(stage)) return false;
    // It bends a range, and there is none.
    if (key === 'dynatempExponent' && params.dynatempRange === 0) return false;
    return neutral === null || params[key] !== neutral;
  }).map(({ key, label }) => `${label} ${params[key]}`);
  const grammar = running.includes('grammar') ? activeGrammar(params) : null;
  const biased = running.includes('logit_bias') ? params.logitBias.length : 0;
  const usual = DEFAULT_ORDER.filter((stage) => acting.includes(stage));
  return [
    ...numbers,
    ...(grammar && !except.has('grammar') ? [`Grammar: ${grammarNames[grammar.kind]}`] : []),
    ...(biased > 0 && !except.has('logitBias')
      ? [`Logit bias on ${biased} ${biased === 1 ? 'token' : 'tokens'}`]
      : []),
    ...(acting.join() !== usual.join() && !except.has('order')
      ? [`Order: ${acting.map((stage) => STAGES[stage].label).join(' → ')}`]
      : []),
  ];
}
