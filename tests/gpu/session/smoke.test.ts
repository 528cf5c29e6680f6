import { expect, test } from 'vitest';
import { describeOnEachAdapter } from '../../setup/devices.ts';
import { bits, openModel, randomTokens, SMALL } from './fixture.ts';

describeOnEachAdapter('a session runs', ({ gpu }) => {
  test('a prompt, a batch of forks, and each fork alone with the same bits', async () => {
    const engine = await openModel(gpu, SMALL);
    const { session } = engine;
    const { sequence, logits } = await session.prefill(randomTokens(1, 40));
    expect(logits).toHaveLength(SMALL.vocabularySize);
    expect(logits.every(Number.isFinite)).toBe(true);
    const fork = () => Array.from({ length: 11 }, () => session.fork(sequence, 35));
    const [together, alone] = [fork(), fork()];
    const batch = await session.step(together.map((id, i) => ({ sequence: id, token: i })));
    for (const [i, id] of alone.entries()) {
      const [own] = await session.step([{ sequence: id, token: i }]);
      expect(bits(batch[i]!)).toEqual(bits(own!));
    }
    engine.dispose();
  });
});
