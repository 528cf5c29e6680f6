/** A device that refuses work, drops it or runs out of memory gives a sentence, never a row of zeros or of old numbers. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engine, EngineError } from '../../../src/engines/contract.ts';
import { bits, describeOnQuickest, freshLogits, openModel, randomTokens, SMALL, stepOne } from './fixture.ts';

const PROMPT = randomTokens(1, 50);

/** Stands between the engine and the queue. */
class BadDays {
  /** The fate of the next submit: the device refuses it, or it never arrives. */
  next: 'refused' | 'dropped' | null = null;
  submits = 0;
  #device: GPUDevice | undefined;

  watch = (device: GPUDevice): GPUDevice => {
    this.#device = device;
    const { queue } = device;
    const submit = queue.submit.bind(queue);
    const value = (commands: readonly GPUCommandBuffer[]) => {
      this.submits++;
      const { next } = this;
      this.next = null;
      if (next !== 'dropped') submit(next === 'refused' ? [invalidCommands(device)] : commands);
    };
    Object.defineProperty(queue, 'submit', { value, configurable: true });
    return device;
  };

  /** Like a browser after a failed allocation outside any error scope. */
  runOut(): void {
    const event = new Event('uncapturederror', { cancelable: true });
    Object.assign(event, { error: new GPUOutOfMemoryError('VK_ERROR_OUT_OF_DEVICE_MEMORY') });
    this.#device!.dispatchEvent(event);
  }
}

/** Records a copy from beyond the end of a buffer. */
function invalidCommands(device: GPUDevice): GPUCommandBuffer {
  const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
  device.pushErrorScope('validation');
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 1024, buffer, 0, 16);
  const commands = encoder.finish();
  void device.popErrorScope();
  return commands;
}

async function failure(work: Promise<unknown>): Promise<EngineError> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EngineError);
  expect((error as Error).message).not.toMatch(/VK_|offset|\[/);
  return error as EngineError;
}

describeOnQuickest('a device that fails', ({ gpu }) => {
  const days = new BadDays();
  let engine: Engine;
  beforeAll(async () => void (engine = await openModel(gpu, SMALL, { onDevice: days.watch })));
  afterAll(() => engine.dispose());

  test.each(['refused', 'dropped'] as const)(
    'ends a step or a prompt with an error, where work is %s',
    async (next) => {
      const { session } = engine;
      const { sequence } = await session.prefill(PROMPT);
      const fork = session.fork(sequence);
      for (const work of [() => stepOne(session, fork, 5), () => session.prefill(PROMPT.slice(3))]) {
        days.next = next;
        expect(await failure(work())).toMatchObject({ code: 'device-error' });
      }
      // It also fails in the first of several passes over a prompt, where nothing is read back.
      const long = session.prefill(randomTokens(8, 130));
      days.next = next;
      expect((await failure(long)).code).toBe('device-error');

      const logits = await stepOne(session, fork, 5);
      expect(bits(logits)).toEqual(bits(await freshLogits(session, [...PROMPT, 5])));
      session.release(sequence);
      session.release(fork);
      expect(session.usage.pagesUsed).toBe(0);
    },
  );

  test('ends a step with an error when it runs out of memory, during the step or before it', async () => {
    const { session } = engine;
    const { sequence } = await session.prefill(PROMPT);
    const step = stepOne(session, sequence, 5);
    days.runOut();
    expect(await failure(step)).toMatchObject({ code: 'out-of-memory' });
    days.runOut();
    expect((await failure(stepOne(session, sequence, 5))).message).toContain('graphics memory ran out');
    expect(bits(await stepOne(session, sequence, 5))).toEqual(
      bits(await freshLogits(session, [...PROMPT, 5])),
    );
    session.release(sequence);
  });

  test('ends a load with an error when it runs out of memory or is lost', async () => {
    const loading = new BadDays();
    const exhausted = openModel(gpu, SMALL, {
      onDevice: loading.watch,
      onProgress: ({ stage }) => stage === 'weights' && loading.runOut(),
    });
    expect((await failure(exhausted)).code).toBe('out-of-memory');

    let device: GPUDevice | undefined;
    const lost = openModel(gpu, SMALL, {
      onDevice: (opened) => (device = opened),
      onProgress: ({ stage }) => stage === 'weights' && device!.destroy(),
    });
    expect(await failure(lost)).toMatchObject({
      code: 'device-lost',
      message: expect.stringContaining('while the model was loaded') as string,
    });
  });
});
