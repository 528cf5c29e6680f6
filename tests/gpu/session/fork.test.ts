import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Engine, SequenceId, Session } from '../../../src/engines/contract.ts';
import { bits, describeOnQuickest, freshLogits, openModel, randomTokens, SMALL, stepOne } from './fixture.ts';

describeOnQuickest('forks', ({ gpu }) => {
  let engine: Engine;
  let session: Session;
  const open = new Set<SequenceId>();

  /** The sequences of a test, which are released after it. */
  const prefill = async (tokens: readonly number[]) => {
    const result = await session.prefill(tokens);
    open.add(result.sequence);
    return result;
  };
  const fork = (sequence: SequenceId, length?: number) => {
    const id = session.fork(sequence, length);
    open.add(id);
    return id;
  };

  /** Forks and steps sixteen at a time until a step throws; `last` has the sixteen of that step. */
  const fill = async (source: SequenceId, expected: Uint32Array, last: SequenceId[]) => {
    for (;;) {
      last.splice(0, 16, ...Array.from({ length: 16 }, () => fork(source)));
      for (const logits of await session.step(last.map((id) => ({ sequence: id, token: 10 }))))
        expect(bits(logits)).toEqual(expected);
    }
  };
  const release = (count: number, keep: readonly SequenceId[]) => {
    for (const id of [...open].filter((id) => !keep.includes(id)).slice(0, count)) {
      session.release(id);
      open.delete(id);
    }
  };

  beforeAll(async () => {
    engine = await openModel(gpu, SMALL);
    ({ session } = engine);
  });
  afterEach(() => {
    for (const id of open) session.release(id);
    open.clear();
    expect(session.usage.pagesUsed).toBe(0);
  });
  afterAll(() => engine.dispose());

  test('of any length go on as if they were alone, and so does their source', async () => {
    const prompt = randomTokens(1, 70);
    const { sequence } = await prefill(prompt);
    for (const length of [1, 31, 32, 33, 64, 69, 70]) {
      const branch = fork(sequence, length);
      expect(session.tokens(branch)).toEqual(prompt.slice(0, length));
      const more = randomTokens(length, 3);
      for (const [i, token] of more.entries()) {
        const own = await stepOne(session, branch, token);
        const alone = await freshLogits(session, [...prompt.slice(0, length), ...more.slice(0, i + 1)]);
        expect(bits(own), `fork at ${length}, token ${i}`).toEqual(bits(alone));
      }
    }
    const own = await stepOne(session, sequence, 5);
    expect(bits(own)).toEqual(bits(await freshLogits(session, [...prompt, 5])));
  });

  test('share pages until they write', async () => {
    const { sequence } = await prefill(randomTokens(2, 70));
    expect(session.usage).toMatchObject({ pagesUsed: 3, pageTokens: 32 });
    const branches = [70, 40, 32].map((length) => fork(sequence, length));
    expect(session.usage.pagesUsed).toBe(3);
    await session.step(branches.map((branch) => ({ sequence: branch, token: 3 })));
    // Each has written into its own page: two copied ones, and one that begins with the new token.
    expect(session.usage.pagesUsed).toBe(6);
    session.release(sequence);
    // The first one still shares pages 0 and 1 of the source, and has its own third page.
    expect(session.usage.pagesUsed).toBe(5);
    for (const branch of branches) session.release(branch);
    expect(session.usage.pagesUsed).toBe(0);
  });

  test('that find no free page report it, lose nothing, and go on when there is room', async () => {
    const { sequence } = await prefill([7, 8, 9]);
    const expected = bits(await stepOne(session, fork(sequence), 10));
    const { pagesTotal } = session.usage;
    const branches: SequenceId[] = [];
    await expect(fill(sequence, expected, branches)).rejects.toMatchObject({
      code: 'out-of-memory',
      message: expect.stringMatching(
        new RegExp(`^All ${pagesTotal} pages of the KV cache .* are in use; please close some branches`),
      ) as string,
    });
    for (const id of branches) expect(session.tokens(id)).toEqual([7, 8, 9]);

    release(16, [sequence, ...branches]);
    const later = await session.step(branches.map((id) => ({ sequence: id, token: 10 })));
    for (const logits of later) expect(bits(logits)).toEqual(expected);
  });

  test('of released prompts serve prompts with the same beginning, until their pages are needed', async () => {
    const prompt = randomTokens(3, 40);
    const { sequence, logits } = await prefill(prompt);
    session.release(sequence);
    const again = await prefill(prompt);
    expect(again.reused).toBe(39);
    expect(bits(again.logits)).toEqual(bits(logits));
    const longer = await prefill([...prompt, 1, 2, 3]);
    expect(longer.reused).toBe(40);
    expect(bits(longer.logits)).toEqual(bits(await freshLogits(session, [...prompt, 1, 2, 3])));
    release(Infinity, []);

    const other = await prefill([299]);
    const expected = bits(await stepOne(session, fork(other.sequence), 10));
    await expect(fill(other.sequence, expected, [])).rejects.toMatchObject({ code: 'out-of-memory' });
    release(32, [other.sequence]);
    expect((await prefill(prompt)).reused).toBe(0);
  });

  test('of unknown sequences are refused', async () => {
    const { sequence } = await prefill([1, 2, 3]);
    const refusal = expect.objectContaining({ name: 'EngineError', code: 'bad-sequence' }) as unknown;
    expect(() => session.fork(sequence, 4)).toThrow(refusal as Error);
    expect(() => session.fork(sequence, 1.5)).toThrow(refusal as Error);
    session.release(sequence);
    expect(() => session.fork(sequence)).toThrow(refusal as Error);
  });
});
