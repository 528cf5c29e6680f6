/** Changes settings, and keeps each value within its range. */
import { changeNumber, switchStage } from '../sampling/chain_order.ts';
import { parameter } from '../sampling/parameter_table.ts';
import type { ParamsPreset } from '../sampling/presets.ts';
import {
  fullOrder,
  STAGES,
  type Grammar,
  type NumberKey,
  type SamplingParams,
  type StageName,
} from '../sampling/params.ts';
import { maxTokensRange, topRange, type Settings, type ViewSettings } from './settings.ts';
import { playground } from './state.svelte.ts';

export function changeSettings(patch: Partial<Settings>): void {
  playground.takeSettings(patch);
}

export function changeView(patch: Partial<ViewSettings>): void {
  const top = Math.min(
    topRange.max,
    Math.max(topRange.min, Math.round(patch.top ?? playground.settings.view.top)),
  );
  changeSettings({ view: { ...playground.settings.view, ...patch, top } });
}

function changeParams(patch: Partial<SamplingParams>): void {
  changeSettings({ params: { ...playground.settings.params, ...patch } });
}

/**
 * Sets a number. One that does something also switches its stage on.
 * @returns the value that was set: within the table's range, and whole if it must be
 */
export function setNumber(key: NumberKey, value: number): number {
  const row = parameter(key);
  const bounded = Math.min(row.max, Math.max(row.min, value));
  const taken = row.integer ? Math.round(bounded) : bounded;
  changeParams(changeNumber(key, taken, playground.settings.params));
  return taken;
}

/** A stage that is off keeps its numbers. One that is switched on without any that do something gets some. */
export function toggleStage(stage: StageName, on: boolean): void {
  changeParams(switchStage(stage, playground.settings.params, on));
}

/** Puts `stage` at `index` of the chain; the others keep their order. */
export function moveStage(stage: StageName, index: number): void {
  const order = fullOrder(playground.settings.params.order).filter((name) => name !== stage);
  const at = Math.min(order.length, Math.max(0, index));
  changeParams({ order: [...order.slice(0, at), stage, ...order.slice(at)] });
}

/** The preset's numbers, order and switches; seed, bias, breakers and grammar stay. */
export function applyPreset(preset: ParamsPreset): void {
  const { seed, logitBias, dryBreakers, grammar } = playground.settings.params;
  // As at the start, a later stage joins the order only when it is moved.
  const order = preset.params.order.filter((name) => !STAGES[name].later);
  changeParams({ ...preset.params, order, seed, logitBias, dryBreakers, grammar });
}

export function setMaxTokens(value: number): void {
  const { min, max } = maxTokensRange;
  changeSettings({ maxTokens: Math.min(max, Math.max(min, Math.round(value))) });
}

/** A seed from the system's entropy: the only number on the page that is not a function of its inputs. */
export function rollSeed(): void {
  const [seed] = crypto.getRandomValues(new Uint32Array(1));
  setNumber('seed', seed!);
}

/** A new entry goes to the end of the list; an existing one keeps its place. */
export function setBias(token: number, bias: number): void {
  const { logitBias } = playground.settings.params;
  const known = logitBias.some((entry) => entry.token === token);
  changeParams({
    logitBias: known
      ? logitBias.map((entry) => (entry.token === token ? { token, bias } : entry))
      : [...logitBias, { token, bias }],
  });
}

export function removeBias(token: number): void {
  changeParams({ logitBias: playground.settings.params.logitBias.filter((entry) => entry.token !== token) });
}

export function setGrammar(grammar: Grammar | null): void {
  changeParams({ grammar });
}
