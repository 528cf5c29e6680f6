/**
 * The real client and the real host over real ports with random delays. Messages of one port keep their order, but nothing
 * orders two ports.
 */
import { afterEach, expect, test, vi } from 'vitest';
import { EngineError, type LoadProgress } from '../../../src/engines/contract.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import { uniform } from '../../../src/sampling/rng.ts';
import type { TextEvent } from '../../../src/worker/api/worker_api.ts';
import { connectWorker, type WorkerClient } from '../../../src/worker/api/client.ts';
import { WorkerHost } from '../../../src/worker/host.ts';
import { answerCalls } from '../../../src/worker/api/transport.ts';

type Listener = (event: MessageEvent) => void;

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const undo of cleanUp.splice(0)) undo();
  vi.unstubAllGlobals();
});

/** Makes every port deliver in the order of sending, after delays drawn from the seed. */
function delayPorts(seed: number): void {
  const prototype = MessagePort.prototype;
  const original = prototype.addEventListener;
  let ports = 0;
  prototype.addEventListener = function (this: MessagePort, type: string, listener: unknown) {
    const lag = Math.floor(12 * uniform(seed, ports++, 0));
    let last: Promise<void> = Promise.resolve();
    const late = (event: MessageEvent): void => {
      last = last
        .then(() => new Promise((resolve) => setTimeout(resolve, lag)))
        .then(() => {
          if (typeof listener === 'function') (listener as Listener)(event);
          else (listener as { handleEvent: Listener }).handleEvent(event);
        });
    };
    original.call(this, type, (type === 'message' ? late : listener) as EventListener);
  } as typeof original;
  cleanUp.push(() => void (prototype.addEventListener = original));
}

/** A worker in this thread. */
class LocalWorker {
  static host = (): WorkerHost => new WorkerHost(() => Promise.resolve(new ScriptedEngine()));
  static latest: LocalWorker;
  readonly #channel = new MessageChannel();
  readonly #listeners = new Map<string, Listener>();

  constructor() {
    LocalWorker.latest = this;
    answerCalls(this.#channel.port2, LocalWorker.host());
    cleanUp.push(() => {
      this.#channel.port1.close();
      this.#channel.port2.close();
    });
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    this.#channel.port1.postMessage(message, transfer);
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, listener);
    if (type !== 'message') return;
    this.#channel.port1.addEventListener(type, listener);
    this.#channel.port1.start();
  }

  die(message: string): void {
    this.#listeners.get('error')!({ message } as unknown as MessageEvent);
  }

  terminate(): void {
    this.#channel.port1.close();
  }
}

function connect(
  host = (): WorkerHost => new WorkerHost(() => Promise.resolve(new ScriptedEngine())),
  onDeath: (message: string) => void = () => undefined,
): WorkerClient {
  vi.stubGlobal('Worker', LocalWorker);
  LocalWorker.host = host;
  return connectWorker(onDeath);
}

/** An engine that opens slowly and reports its progress. */
const slowHost = (): WorkerHost =>
  new WorkerHost(async (_, { onProgress }) => {
    for (const stage of ['header', 'tokenizer', 'shaders', 'weights', 'ready'] as const) {
      onProgress({ stage, loadedBytes: 1, totalBytes: 1 });
      if (stage === 'shaders') await new Promise((resolve) => setTimeout(resolve));
    }
    return new ScriptedEngine();
  });

const seeds = Array.from({ length: 8 }, (_, seed) => seed);

test.each(seeds)('no progress or event arrives after the answer of its call (delays %i)', async (seed) => {
  delayPorts(seed);
  const client = connect(slowHost);
  for (const { load } of [client.to(0), client.to(1)]) {
    const stages: string[] = [];
    let answered = false;
    const late: LoadProgress[] = [];
    await load({ kind: 'scripted' }, (progress) => {
      if (answered) late.push(progress);
      stages.push(progress.stage);
    });
    answered = true;
    expect(stages).toEqual(['header', 'tokenizer', 'shaders', 'weights', 'ready']);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(late).toEqual([]);
  }

  const { tokens } = await client.to(0).tokenise({ kind: 'text', text: 'Once upon a time' });
  const lanes = [{ text: 1, params: defaultParams(), stream: 0 }];
  const request = {
    prompt: tokens.map(({ token }) => token),
    lanes,
    strategy: { kind: 'sample' },
    stop: { maxTokens: 5, sequences: [] },
  } as const;
  for (const { run } of [client.to(0), client.to(1)]) {
    const events: TextEvent[] = [];
    const result = await run(request, (batch) => events.push(...batch));
    const steps = events.flatMap((event) => (event.type === 'steps' ? event.steps : []));
    expect(steps.map(({ record }) => record.token)).toEqual(result.branches[0]!.tokens);
    expect(events.at(-1)).toMatchObject({ type: 'text-end', text: 1 });
  }
});

test('an EngineError crosses with its code, and any other error with its message', async () => {
  const client = connect(
    () =>
      new WorkerHost((choice) =>
        choice.kind === 'scripted'
          ? Promise.reject(new EngineError('bad-file', 'The file is no GGUF; choose another.'))
          : Promise.reject(new TypeError('x is not a function')),
      ),
  );
  const failed = client.to(0).load({ kind: 'scripted' }, () => undefined);
  await expect(failed).rejects.toBeInstanceOf(EngineError);
  await expect(failed).rejects.toMatchObject({
    code: 'bad-file',
    message: 'The file is no GGUF; choose another.',
  });
  const broken = client.to(0).load({ kind: 'web-llm', id: 'x' }, () => undefined);
  await expect(broken).rejects.not.toBeInstanceOf(EngineError);
  await expect(broken).rejects.toThrow('x is not a function');
  // An error that the worker throws before it returns a promise is not lost either.
  await expect(
    client.to(0).inspect({ text: 1, position: 1 }, defaultParams(), { top: 1 }),
  ).rejects.toMatchObject({
    code: 'not-supported',
  });
});

test('a value that cannot be sent rejects only its own call', async () => {
  const client = connect();
  const choice = { kind: 'scripted', stepDelay: (() => 1) as unknown as number } as const;
  await expect(client.to(0).load(choice, () => undefined)).rejects.toThrow();
  expect((await client.to(0).load({ kind: 'scripted' }, () => undefined)).kind).toBe('scripted');
});

test.each(['dies', 'is ended'])(
  'when the worker %s, no call stays pending, and later calls are refused',
  async (how) => {
    const deaths: string[] = [];
    const client = connect(
      () => new WorkerHost(() => new Promise(() => undefined)),
      (message) => deaths.push(message),
    );
    const pending = [client.to(0).load({ kind: 'scripted' }, () => undefined), client.to(0).models()];
    pending.push(client.to(1).load({ kind: 'scripted' }, () => undefined));
    const ended = Promise.allSettled(pending);
    if (how === 'dies') LocalWorker.latest.die('out of memory');
    else client.terminate();
    for (const outcome of await ended) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'worker-ended' } });
      expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(EngineError);
    }
    await expect(client.to(0).shelf()).rejects.toMatchObject({ code: 'worker-ended' });
    expect(deaths).toEqual(how === 'dies' ? ['out of memory'] : []);
  },
);
