/**
 * Runs the page's own actions over a real `WorkerHost` in one process, without a browser. Values are cloned at the boundary as
 * messages are, and a worker that ended answers nothing.
 */
import { matchPattern } from '../../scripts/headless/match_pattern.ts';
import { EngineError } from '../../src/engines/contract.ts';
import { ScriptedEngine } from '../../src/engines/scripted/engine.ts';
import type { WorkerClient } from '../../src/worker/api/client.ts';
import type { SlotNumber, WorkerApi } from '../../src/worker/api/worker_api.ts';
import { WorkerHost } from '../../src/worker/host.ts';
import type { openEngine } from '../../src/worker/loading/open_engine.ts';

interface Page {
  /** The newest worker; null before the page has asked for one. */
  host: WorkerHost | null;
  /** Names of all questions to any worker, in order; those to the second slot end in `Second`. */
  readonly calls: string[];
  /** Called before each question reaches the worker, which waits for it. */
  before: (name: string, args: readonly unknown[]) => unknown;
  /** Called before each answer reaches the page, which waits for it. Events of the same question do not wait. */
  after: (name: string, args: readonly unknown[]) => unknown;
  /** Opens a model for the worker. */
  open: typeof openEngine;
  /** Kills the worker, which then answers nothing more. */
  kill: (message: string) => void;
  /** Undoes the changes that a test made to `page`. */
  reset: () => void;
}

const openScriptedEngine: typeof openEngine = (choice) =>
  Promise.resolve(slowPrefill(new ScriptedEngine({ stepDelay: choice.kind === 'scripted' ? 2 : 0 })));

export const page: Page = {
  host: null,
  calls: [],
  before: () => undefined,
  after: () => undefined,
  open: openScriptedEngine,
  kill: () => undefined,
  reset() {
    page.before = () => undefined;
    page.after = () => undefined;
    page.open = openScriptedEngine;
    page.calls.length = 0;
  },
};

/** Replaces `src/worker/api/client.ts` (see `setup.ts`). */
export function connectWorker(onDeath: (message: string) => void): WorkerClient {
  const host = new WorkerHost((choice, options) => page.open(choice, options), matchPattern);
  page.host = host;
  let dead = false;
  page.kill = (message) => {
    if (dead) return;
    dead = true;
    onDeath(message);
  };
  const terminate = (): void => void (dead = true);
  const ask = (slot: SlotNumber, question: string, args: readonly unknown[]): Promise<unknown> => {
    const name = slot === 0 ? question : `${question}Second`;
    return new Promise((resolve, reject) => {
      // A dead worker never answers, so the promise stays pending.
      const answer = async (settle: () => void): Promise<void> => {
        await page.after(name, args);
        if (!dead) settle();
      };
      void (async () => {
        page.calls.push(name);
        // A message takes a moment, and messages arrive in the order in which they were posted.
        await Promise.resolve();
        try {
          await page.before(name, args);
          if (dead) return;
          const method = host.to(slot)[question as keyof WorkerApi] as (
            ...args: unknown[]
          ) => Promise<unknown>;
          const value = structuredClone(await method(...args.map((arg) => crossed(arg, () => dead))));
          await answer(() => resolve(value));
        } catch (error) {
          await answer(() => reject(error as Error));
        }
      })();
    });
  };
  const to = (slot: SlotNumber): WorkerApi =>
    new Proxy({} as WorkerApi, {
      get:
        (_, question: string) =>
        (...args: unknown[]) =>
          ask(slot, question, args),
    });
  return { to, terminate };
}

/** A copy, as in a message. A callback's copy gets copied arguments, and a dead worker no longer calls it. */
function crossed(arg: unknown, dead: () => boolean): unknown {
  if (typeof arg !== 'function') return structuredClone(arg);
  return (...args: unknown[]) => {
    if (!dead()) arg(...args.map((value) => structuredClone(value)));
  };
}

/** Makes a prefill slow, in pieces between which it can be stopped, as on a GPU. */
function slowPrefill(engine: ScriptedEngine, pieces = 10, ms = 5): ScriptedEngine {
  const { session } = engine;
  const prefill = session.prefill.bind(session);
  session.prefill = async (tokens, options = {}) => {
    for (let piece = 0; piece < pieces; piece++) {
      if (options.signal?.aborted) throw new EngineError('aborted', 'The run was stopped.');
      await sleep(ms);
    }
    return prefill(tokens, options);
  };
  return engine;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until a condition holds. If it never does, the test fails at its time limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(1);
}
