/** The grammar in the settings: the worker's verdict on it, and the sources written in the kinds that are not chosen now. */
import type { GrammarProblem } from '../decoding/grammar/problem.ts';
import { EngineError } from '../engines/contract.ts';
import { activeGrammar, type Grammar, type SamplingParams } from '../sampling/params.ts';
import { worker } from './connection.ts';
import { GRAMMAR_PRESETS } from './grammar_presets.ts';
import { latestOnly } from './latest_only.ts';
import { notify, sentenceOf } from './notices.ts';
import { setGrammar } from './settings_actions.ts';
import { playground } from './state.svelte.ts';

let problem: GrammarProblem | null = $state.raw(null);
const drafts: Partial<Record<Grammar['kind'], string>> = {};

/** Why the grammar in the settings cannot be used, and where; null while no problem is known. */
export function grammarFault(): GrammarProblem | null {
  return playground.settings.params.grammar ? problem : null;
}

const check = latestOnly(async (grammar: Grammar) => {
  try {
    const found = await worker().grammarProblem(grammar);
    if (grammar === playground.settings.params.grammar) problem = found;
  } catch (error) {
    if (grammar !== playground.settings.params.grammar) return;
    // The end of the worker says nothing about the grammar.
    const ended = error instanceof EngineError && error.code === 'worker-ended';
    problem = ended ? null : { message: sentenceOf(error), line: null, column: null };
  }
});

/** Call once, while a component is being set up. */
export function followGrammar(): void {
  $effect(() => {
    const { grammar } = playground.settings.params;
    if (grammar && playground.engine.phase === 'ready') check(grammar);
    else problem = null;
  });
}

/** Switches to another kind, with its earlier source or an example; null removes the grammar. */
export function chooseGrammarKind(kind: Grammar['kind'] | null): void {
  const { grammar } = playground.settings.params;
  if (grammar) drafts[grammar.kind] = grammar.source;
  if (kind === null) {
    setGrammar(null);
    return;
  }
  const example = GRAMMAR_PRESETS.find((preset) => preset.grammar.kind === kind)!.grammar.source;
  setGrammar({ kind, source: drafts[kind] || example });
}

/** Whether these parameters can run. If not, the grammar's field and a notice say why. */
export async function grammarsUsable(lanes: readonly SamplingParams[]): Promise<boolean> {
  for (const params of lanes) {
    const grammar = activeGrammar(params);
    const found = grammar && (await worker().grammarProblem(grammar));
    if (!found) continue;
    if (grammar === playground.settings.params.grammar) problem = found;
    const place = found.line === null ? '' : ` (line ${found.line}, column ${found.column})`;
    notify('error', `${found.message}${place}`, undefined, 'run');
    return false;
  }
  return true;
}
