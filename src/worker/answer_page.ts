import { WorkerHost } from './host.ts';
import { answerCalls } from './api/transport.ts';

/** Everything that the page asks of this worker is answered from now on. */
export function answerPage(): void {
  answerCalls(self, new WorkerHost());
}
