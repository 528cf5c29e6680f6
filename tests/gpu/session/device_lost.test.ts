import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine, SequenceId, Session } from '../../../src/engines/contract.ts';
import { bits, describeOnQuickest, freshLogits, openModel, randomTokens, SMALL, stepOne } from './fixture.ts';

describeOnQuickest('when the device is lost', ({ gpu }) => {
  let engine: Engine;
  let session: Session;
  const opened: GPUDevice[] = [];
  beforeAll(async () => {
    engine = await openModel(gpu, SMALL, {
      onDevice: (device) => {
        opened.push(device);
        return device;
      },
    });
    ({ session } = engine);
  });
  afterAll(() => engine.dispose());

  /** Like a driver that resets: no event arrives before the device is lost. */
  const lose = () => opened.at(-1)!.destroy();

  const PROMPT = randomTokens(1, 50);
  const MORE = [3, 1, 4, 1, 5];

  /** The logits of an undisturbed run after the prompt and after each token. */
  const undisturbed = async (): Promise<Uint32Array[]> => {
    const rows: Uint32Array[] = [];
    for (let i = 0; i <= MORE.length; i++)
      rows.push(bits(await freshLogits(session, [...PROMPT, ...MORE.slice(0, i)])));
    return rows;
  };

  test('between two steps, the next step has the same bits as without the loss', async () => {
    const expected = await undisturbed();
    const { sequence } = await session.prefill(PROMPT);
    for (const [i, token] of MORE.entries()) {
      if (i === 2) lose();
      expect(bits(await stepOne(session, sequence, token)), `token ${i}`).toEqual(expected[i + 1]);
    }
    expect(opened).toHaveLength(2);
    expect(session.tokens(sequence)).toEqual([...PROMPT, ...MORE]);
    session.release(sequence);
    expect(session.usage.pagesUsed).toBe(0);
  });

  test('in the middle of a batch step or a prompt, or twice, the logits are the same', async () => {
    const expected = await undisturbed();
    const { sequence } = await session.prefill(PROMPT);
    const branches: SequenceId[] = [session.fork(sequence), session.fork(sequence, 20)];
    const before = opened.length;

    const step = session.step([sequence, ...branches].map((id) => ({ sequence: id, token: MORE[0]! })));
    lose();
    const [own, fork, short] = await step;
    expect(bits(own!)).toEqual(expected[1]);
    expect(bits(fork!)).toEqual(expected[1]);
    expect(bits(short!)).toEqual(bits(await freshLogits(session, [...PROMPT.slice(0, 20), MORE[0]!])));

    let lost = 0;
    const prefill = session.prefill([...PROMPT, ...randomTokens(9, 60)], {
      onLogits: () => undefined,
      onProgress: (done) => {
        if (done < 40 || lost++ > 0) return;
        lose();
      },
    });
    const again = await prefill;
    const fresh = await freshLogits(session, session.tokens(again.sequence));
    expect(bits(again.logits)).toEqual(bits(fresh));
    expect(opened).toHaveLength(before + 2);
    for (const id of [sequence, again.sequence, ...branches]) session.release(id);
  });
});
