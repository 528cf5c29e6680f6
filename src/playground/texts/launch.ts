/** Runs what a person starts and may stop, one task at a time. Idle means that no task is running. */
import { EngineError } from '../../engines/contract.ts';
import { notifyFailure, settle } from '../notices.ts';
import type { TextId } from '../../worker/api/worker_api.ts';
import { playground } from '../state.svelte.ts';
import { Holding } from './store.svelte.ts';

/** The texts of a run. They are kept until it is over, even if they leave the page meanwhile. */
const running = new Holding();

export function holdForRun(ids: readonly TextId[]): void {
  running.ids = [...running.ids, ...ids];
}

let going: Promise<void> = Promise.resolve();

/** Resolves when no launched task is running. */
export function launchEnded(): Promise<void> {
  return going;
}

/**
 * A second press during the task does nothing. When the task has ended, in whatever way, the page is idle.
 * @param task calls `goOn` after each await; it throws once Stop was pressed or another model was requested
 * @param failed default: shows a notice
 */
export function launch(
  task: (goOn: () => void) => Promise<void>,
  failed = (error: unknown): void => notifyFailure(error, 'run'),
): Promise<void> {
  if (playground.engine.phase !== 'ready' || !playground.beginRun()) return Promise.resolve();
  settle('run');
  settle('deletion');
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
