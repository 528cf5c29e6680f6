import { WorkerHost } from './host.ts';
import { answerCalls } from './transport.ts';

answerCalls(self, new WorkerHost());
