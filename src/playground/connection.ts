/** The one worker of the page. */
import { connectWorker, type WorkerClient } from '../worker/client.ts';
import { notify } from './notices.ts';
import { playground } from './state.svelte.ts';

let client: WorkerClient | null = null;

/** The running worker; started on the first call, and anew after it died. */
export function worker(): WorkerClient {
  client ??= connectWorker((message) => {
    client?.terminate();
    client = null;
    const name = playground.engine.phase === 'ready' ? playground.engine.summary.model.name : 'the model';
    playground.change({
      engine: { phase: 'failed', name, message: `The worker that runs ${name} ended: ${message}.` },
      run: { phase: 'idle' },
    });
    notify(
      'error',
      `The worker that runs ${name} ended: ${message}. Your text is still here; load the model again.`,
    );
  });
  return client;
}
