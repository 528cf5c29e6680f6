/** Finds settings beside a record that differ from those it was made with: someone changed them, or the record. */
import { sameParams } from '../same_params.ts';
import type { LanePatch, Settings } from '../settings.ts';
import { parameterName } from '../parameter_names.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import { restoredMethod } from '../method.ts';
import type { DocumentComparison } from './comparison_schema.ts';
import type { RunRecord } from './document.ts';

/** @returns the names of the settings in a link, with the recorded values. A replay compares the prompt, which needs a tokenizer */
export function contradictions(
  { lines: texts, comparison, current }: RunRecord,
  settings: Settings,
): string[] {
  if (comparison) return againstComparison(comparison, settings);
  return againstParams(settings.params, texts[current]!.params);
}

function againstComparison(
  { strategy, params, lanes, sharedLuck, stop }: DocumentComparison,
  settings: Settings,
): string[] {
  const found = againstParams(settings.params, params);
  if (strategy.kind === 'sample') {
    const names =
      settings.lanes.length === lanes.length ? lanes.flatMap(differing(settings.lanes)) : ['lanes'];
    found.push(...new Set(names));
    if (settings.sharedLuck !== sharedLuck) found.push(`luck (recorded ${sharedLuck ? 'shared' : 'own'})`);
  }
  const method = restoredMethod(strategy, settings.method);
  if (JSON.stringify(method) !== JSON.stringify(settings.method)) found.push('strategy');
  if (settings.maxTokens !== stop.maxTokens) found.push(`max_tokens (recorded ${stop.maxTokens})`);
  const stops = settings.stop.filter((text) => text !== '');
  if (JSON.stringify(stops) !== JSON.stringify(stop.sequences)) found.push('stop');
  return found;
}

const differing =
  (said: readonly LanePatch[]) =>
  (lane: LanePatch, index: number): string[] => {
    const other = said[index]!;
    const keys = new Set([...Object.keys(lane), ...Object.keys(other)] as (keyof SamplingParams)[]);
    return [...keys]
      .filter((key) => JSON.stringify(lane[key]) !== JSON.stringify(other[key]))
      .map((key) => `${parameterName(key)} of lane ${index + 1}`);
  };

function againstParams(said: SamplingParams, recorded: SamplingParams): string[] {
  if (sameParams(said, recorded)) return [];
  const keys = Object.keys(recorded) as (keyof SamplingParams)[];
  return keys
    .filter((key) => JSON.stringify(said[key]) !== JSON.stringify(recorded[key]))
    .map((key) => {
      const value = recorded[key];
      return typeof value === 'number' ? `${parameterName(key)} (recorded ${value})` : parameterName(key);
    });
}
