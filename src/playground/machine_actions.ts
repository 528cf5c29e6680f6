import type { MachineReport } from '../worker/api/worker_api.ts';
import type { StepMeasure } from '../engines/contract.ts';
import { worker } from './connection.ts';
import { playground } from './state.svelte.ts';

/** What the machine holds and did; null without a model. */
export async function readMachine(): Promise<MachineReport | null> {
  return playground.engine.phase === 'ready' ? worker().machine() : null;
}

/** What one decoded token costs on this machine; null where nothing can be counted. */
export async function measureToken(): Promise<StepMeasure | null> {
  return playground.engine.phase === 'ready' && playground.run.phase === 'idle' ? worker().measure() : null;
}
