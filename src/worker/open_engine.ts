import type { Engine, LoadProgress } from '../engines/contract.ts';
import { ScriptedEngine } from '../engines/scripted/engine.ts';
import type { ModelChoice } from './api.ts';

export interface OpenOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
}

/** @throws EngineError: what is wrong with the file, the machine or the network, in one sentence */
export function openEngine(choice: ModelChoice, options: OpenOptions): Promise<Engine> {
  if (choice.kind === 'scripted') return Promise.resolve(new ScriptedEngine());
  void options;
  throw new Error('not yet');
}
