import type { MachineReport } from '../worker/api/worker_api.ts';
import type { StepMeasure } from '../engines/contract.ts';
import { worker } from './connection.ts';
import { playground } from './state.svelte.ts';

/** The machine's memory and counters; null without a model. */
export async function readMachine(): Promise<MachineReport | null> {
  return playground.engine.phase === 'ready' ? worker().machine() : null;
}

/** The cost of one decoded token on this machine; null if nothing can be counted. */
export async function measureToken(): Promise<StepMeasure | null> {
  return playground.engine.phase === 'ready' && playground.run.phase === 'idle' ? worker().measure() : null;
}
