/** Everything that a person starts and may stop: one at a time, and idle means that nothing of it goes on. */
import { EngineError } from '../../engines/contract.ts';
import { notifyFailure, settle } from '../notices.ts';
import type { LineId } from '../../worker/api/worker_api.ts';
import { playground } from '../state.svelte.ts';
import { Holding } from './store.svelte.ts';

/** What a run reads and writes: nothing of it is forgotten before the run is over, whatever leaves the page meanwhile. */
const running = new Holding();

export function holdForRun(ids: readonly LineId[]): void {
  running.ids = [...running.ids, ...ids];
}

let going: Promise<void> = Promise.resolve();

/** Resolves when nothing that was launched goes on. */
export function launchEnded(): Promise<void> {
  return going;
}

/**
 * From the press on, a second one does nothing; when the task has ended, however it did, the page is idle.
 * @param task calls `goOn` after each await before it asks for more: it throws once Stop was pressed, or another model is wanted
 * @param failed default: says it in a notice
 */
export function launch(
  task: (goOn: () => void) => Promise<void>,
  failed = (error: unknown): void => notifyFailure(error, 'run'),
): Promise<void> {
  if (playground.engine.phase !== 'ready' || !playground.beginRun()) return Promise.resolve();
  settle('run');
  going = carryOut(task, failed);
  return going;
}

async function carryOut(
  task: (goOn: () => void) => Promise<void>,
  failed: (error: unknown) => void,
): Promise<void> {
  const { engine } = playground;
  try {
    await task(() => {
      if (stopPressed() || playground.engine !== engine) {
        throw new EngineError('aborted', 'The run was stopped.');
      }
    });
  } catch (error) {
    failed(error);
  } finally {
    playground.endRun();
    running.ids = [];
  }
}

export function stopPressed(): boolean {
  return playground.run.phase === 'stopping';
}
