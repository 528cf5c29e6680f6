import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine, EngineErrorCode, Session } from '../../../src/engines/contract.ts';
import { DeviceCounter } from '../../../src/engines/webgpu/gpu/device_counter.ts';
import { bits, describeOnQuickest, freshLogits, openModel, randomTokens, SMALL } from './fixture.ts';

describeOnQuickest('a session', ({ gpu }) => {
  let engine: Engine;
  let session: Session;
  beforeAll(async () => {
    engine = await openModel(gpu, SMALL);
    ({ session } = engine);
  });
  afterAll(() => engine.dispose());

  /** One sentence, with what is wrong and its value in it. */
  const expectError = async (work: Promise<unknown>, code: EngineErrorCode, ...words: string[]) => {
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ name: 'EngineError', code });
    const { message } = error as Error;
    for (const word of words) expect(message).toContain(word);
    expect(message).toMatch(/^[A-Z0-9][^\n]*\.$/);
  };

  test('reports bad input, and goes on', async () => {
    const { sequence } = await session.prefill([1, 2]);
    const length = engine.model.contextLength;
    await expectError(session.prefill([]), 'empty-prompt', 'prompt is empty');
    await expectError(session.prefill([1, 307]), 'bad-token', 'Token 307', '306');
    await expectError(session.prefill([-1]), 'bad-token', 'Token -1');
    await expectError(session.prefill([1.5]), 'bad-token', 'Token 1.5');
    await expectError(session.step([{ sequence, token: NaN }]), 'bad-token', 'Token NaN');
    await expectError(
      session.prefill(randomTokens(1, length + 1)),
      'context-full',
      `${length + 1}`,
      `${length}`,
    );
    await expectError(
      session.prefill(randomTokens(1, length - 1), { sequence }),
      'context-full',
      `${length + 1}`,
    );
    await expectError(session.step([{ sequence: 9999, token: 1 }]), 'bad-sequence', 'Sequence 9999');
    await expectError(session.prefill([1], { sequence: 9999 }), 'bad-sequence', 'Sequence 9999');
    const twice = { sequence, token: 1 };
    await expectError(session.step([twice, twice]), 'bad-sequence', 'twice');
    await expectError(session.step([]), 'not-supported', 'not 0');
    const many = Array.from({ length: 17 }, () => ({ sequence: session.fork(sequence), token: 1 }));
    await expectError(session.step(many), 'not-supported', '16', '17');

    expect(session.tokens(sequence)).toEqual([1, 2]);
    const [logits] = await session.step([{ sequence, token: 3 }]);
    expect(bits(logits!)).toEqual(bits(await freshLogits(session, [1, 2, 3])));
    for (const { sequence: id } of many) session.release(id);
    session.release(sequence);
    session.release(sequence);
  });

  test('fills its context to the last token, and then reports that it is full', async () => {
    const { contextLength } = engine.model;
    const { sequence } = await session.prefill(randomTokens(2, contextLength - 1));
    const [logits] = await session.step([{ sequence, token: 4 }]);
    expect(logits!.every(Number.isFinite)).toBe(true);
    await expectError(session.step([{ sequence, token: 4 }]), 'context-full', `${contextLength}`);
    expect(session.tokens(sequence)).toHaveLength(contextLength);
    session.release(sequence);
  });

  test('can be aborted in the middle of a prompt, and keeps what it computed', async () => {
    const prompt = randomTokens(5, 150);
    const stop = new AbortController();
    const seen: number[] = [];
    const run = session.prefill(prompt, {
      signal: stop.signal,
      onProgress: (done) => {
        seen.push(done);
        if (done >= 64) stop.abort();
      },
    });
    await expectError(run, 'aborted', 'stopped');
    expect(seen.at(-1)).toBeLessThan(150);
    expect(session.usage.pagesUsed).toBe(0);

    const { sequence, logits, reused } = await session.prefill(prompt);
    expect(reused).toBe(seen.at(-1));
    expect(bits(logits)).toEqual(bits(await freshLogits(session, prompt)));
    await expectError(session.prefill([1], { sequence, signal: AbortSignal.abort() }), 'aborted');
    expect(session.tokens(sequence)).toEqual(prompt);
    session.release(sequence);
  });

  test('reports too little memory before any upload, with the arithmetic', async () => {
    const counter = new DeviceCounter();
    const loading = openModel(gpu, SMALL, {
      availableMemory: 100_000,
      onDevice: (device) => counter.watch(device),
    });
    await expectError(
      loading,
      'out-of-memory',
      'weights 1 MB',
      '160 tokens',
      'scratch',
      '1 MB are available',
    );
    expect(counter.total.buffersCreated).toBe(0);
  });
});
