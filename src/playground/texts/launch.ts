/** Everything that a person starts and may stop: one at a time, and idle means that nothing of it goes on. */
import { EngineError } from '../../engines/contract.ts';
import { notifyFailure, settle } from '../notices.ts';
import { playground } from '../state.svelte.ts';

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
  const { engine } = playground;
  if (playground.run.phase !== 'idle' || engine.phase !== 'ready') return Promise.resolve();
  settle('run');
  playground.change({ run: { phase: 'prefill', done: 0, total: 0 } });
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
    playground.change({ run: { phase: 'idle' } });
  }
}

export function stopPressed(): boolean {
  return playground.run.phase === 'stopping';
}

/** The tokens that a run goes on to write are counted. */
export function countTokens(tokens: number): void {
  const { run } = playground;
  if (tokens === 0 || run.phase === 'stopping' || run.phase === 'idle') return;
  const before = run.phase === 'decode' ? run : { tokens: 0, startedAt: performance.now() };
  playground.change({
    run: { phase: 'decode', tokens: before.tokens + tokens, startedAt: before.startedAt },
  });
}
