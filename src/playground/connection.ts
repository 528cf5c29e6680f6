/** The page's one worker. Pending questions to a worker that ended are rejected here, whatever carries the messages. */
import { EngineError } from '../engines/contract.ts';
import { connectWorker } from '../worker/api/client.ts';
import type { SlotNumber, WorkerApi } from '../worker/api/worker_api.ts';

interface Connection {
  /** By slot. Each question is rejected with `worker-ended` when the worker ends before it answers. */
  readonly asked: readonly [WorkerApi, WorkerApi];
  /** Rejects pending questions, and ignores later messages. */
  readonly end: (why: EngineError) => void;
}

let connection: Connection | null = null;
const listeners: ((death: string | null) => void)[] = [];

/** A slot of the running worker. The first call starts the worker, and so does the first call after it ended. */
export function worker(slot: SlotNumber = 0): WorkerApi {
  connection ??= connect((message) => {
    endWorker(`The worker ended: ${message}.`, message);
  });
  return connection.asked[slot];
}

/** @param listener called when the worker ended, with the cause of its death; null if the page ended it */
export function onWorkerEnd(listener: (death: string | null) => void): void {
  listeners.push(listener);
}

/** Ends the worker at once, whatever it is doing; the next question starts another. */
export function endWorker(why: string, death: string | null = null): void {
  const ending = connection;
  connection = null;
  ending?.end(new EngineError('worker-ended', why));
  for (const listener of listeners) listener(death);
}

function connect(onDeath: (message: string) => void): Connection {
  const waiting = new Set<(why: EngineError) => void>();
  let ended = false;
  const client = connectWorker((message) => {
    if (!ended) onDeath(message);
  });

  function answerTo(question: (...args: unknown[]) => Promise<unknown>, args: unknown[]): Promise<unknown> {
    const answer = new Promise((resolve, reject) => {
      waiting.add(reject);
      // A message that was in flight when the worker ended still arrives.
      const live = (arg: unknown): unknown =>
        typeof arg !== 'function' ? arg : (...events: unknown[]) => void (ended || arg(...events));
      const settle =
        <T>(take: (value: T) => void) =>
        (value: T): void => {
          waiting.delete(reject);
          take(value);
        };
      question(...args.map(live)).then(settle(resolve), settle(reject));
    });
    return answer;
  }

  const asked = (slot: SlotNumber): WorkerApi =>
    new Proxy(client.to(slot), {
      get(target, name: keyof WorkerApi) {
        const question = target[name] as (...args: unknown[]) => Promise<unknown>;
        return (...args: unknown[]) => answerTo(question, args);
      },
    });

  return {
    asked: [asked(0), asked(1)],
    end(why) {
      ended = true;
      client.terminate();
      for (const reject of waiting) reject(why);
      waiting.clear();
    },
  };
}

/** Asks a question whose answer is not needed, so the worker may end before it answers. */
export function tell(question: (asked: WorkerApi) => Promise<unknown>, slot: SlotNumber = 0): void {
  // A worker that ended has forgotten its texts and stopped its runs anyway.
  question(worker(slot)).catch((error: unknown) => {
    if (!(error instanceof EngineError && error.code === 'worker-ended')) throw error;
  });
}
