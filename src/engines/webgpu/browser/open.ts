/** Our engine on this browser's adapter. */
import type { ByteSource, Engine, LoadOptions } from '../../contract.ts';
import { loadWebGpuEngine, type WebGpuEngineOptions } from '../engine.ts';
import { memoryBound } from './adapter_room.ts';
import { verdictsInBrowser } from './verdict_store.ts';

/**
 * The browser keeps the verdicts of the self-test for the next visit. The engine can measure the cost of a step.
 * @param other replaces these options
 * @throws EngineError as `loadWebGpuEngine`
 */
export function openWebGpu(
  source: ByteSource,
  options: LoadOptions,
  other: Partial<WebGpuEngineOptions> = {},
): Promise<Engine> {
  const { gpu } = navigator;
  const usual = { gpu, ...memoryBound(), verdicts: verdictsInBrowser, counted: true };
  return loadWebGpuEngine(source, { ...options, ...usual, ...other });
}
