import type { MachineReport } from '../worker/api.ts';
import { worker } from './connection.ts';
import { playground } from './state.svelte.ts';

/** What the machine holds and did; null without a model. */
export async function readMachine(): Promise<MachineReport | null> {
  return playground.engine.phase === 'ready' ? worker().machine() : null;
}
