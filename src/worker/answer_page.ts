import { WorkerHost } from './host.ts';
import { answerCalls } from './api/transport.ts';

/** From this call on, the worker answers every question of the page. */
export function answerPage(): void {
  answerCalls(self, new WorkerHost());
}
