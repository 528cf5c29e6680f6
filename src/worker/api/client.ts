/** The page's end of the boundary. */
import type { SlotNumber, WorkerApi } from './worker_api.ts';
import { Caller } from './transport.ts';

export interface WorkerClient {
  /** The questions to one slot; always the same object. */
  to(slot: SlotNumber): WorkerApi;
  /** Ends the worker at once, whatever it is doing. Pending questions reject with EngineError `worker-ended`. */
  terminate(): void;
}

/**
 * Starts the worker.
 * @param onDeath called when the worker could not start or died; pending questions reject with EngineError `worker-ended`
 */
export function connectWorker(onDeath: (message: string) => void): WorkerClient {
  const worker = new Worker(new URL('../engine.worker.ts', import.meta.url), {
    type: 'module',
    name: 'engine',
  });
  const caller = new Caller<WorkerApi>(worker);
  const die = (message: string): void => {
    caller.end(`The worker that runs the model ended (${message}); load the model again.`);
    onDeath(message);
  };
  worker.addEventListener('error', (event) => die(event.message || 'it could not be started'));
  worker.addEventListener('messageerror', () => die('one of its messages could not be read'));
  const terminate = (): void => {
    worker.terminate();
    caller.end('The worker that runs the model was ended; load the model again.');
  };
  return { to: (slot) => caller.to(slot), terminate };
}
