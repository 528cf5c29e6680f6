/** Random prefills, steps, forks and releases, compared with plain lists of tokens and with logits computed without a cache. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine, SequenceId, Session } from '../../../src/engines/contract.ts';
import { bits, describeOnQuickest, freshLogits, openModel, SMALL } from './fixture.ts';

/** The expected state of a session: the tokens of each open sequence. */
class Lives {
  readonly tokens = new Map<SequenceId, number[]>();
  readonly #session: Session;
  readonly #context: number;

  constructor(session: Session, context: number) {
    this.#session = session;
    this.#context = context;
  }

  get open(): SequenceId[] {
    return [...this.tokens.keys()];
  }

  async prefill(tokens: readonly number[], onto?: SequenceId): Promise<void> {
    const before = onto === undefined ? [] : this.tokens.get(onto)!;
    const all = [...before, ...tokens];
    if (all.length > this.#context) return;
    const options = onto === undefined ? {} : { sequence: onto };
    const { sequence, logits, reused } = await this.#session.prefill(tokens, options);
    expect(reused).toBeLessThan(tokens.length);
    this.tokens.set(sequence, all);
    await this.#compare(all, logits);
  }

  async step(sequences: readonly SequenceId[], token: number): Promise<void> {
    const some = sequences.filter((id) => this.tokens.get(id)!.length < this.#context);
    if (some.length === 0) return;
    const results = await this.#session.step(some.map((sequence) => ({ sequence, token })));
    for (const id of some) this.tokens.get(id)!.push(token);
    // One sequence stands for all, because recomputing takes most of the time.
    const at = token % some.length;
    await this.#compare(this.tokens.get(some[at]!)!, results[at]!);
  }

  fork(source: SequenceId, length: number): void {
    this.tokens.set(this.#session.fork(source, length), this.tokens.get(source)!.slice(0, length));
  }

  release(sequence: SequenceId): void {
    this.#session.release(sequence);
    this.tokens.delete(sequence);
  }

  check(): void {
    let most = 0;
    for (const [id, tokens] of this.tokens) {
      expect(this.#session.tokens(id)).toEqual(tokens);
      most += Math.ceil(tokens.length / this.#session.usage.pageTokens);
    }
    expect(this.#session.usage.pagesUsed).toBeLessThanOrEqual(most);
  }

  async #compare(tokens: readonly number[], logits: Float32Array): Promise<void> {
    expect(bits(logits)).toEqual(bits(await freshLogits(this.#session, tokens)));
  }
}

type Action = (lives: Lives) => Promise<void> | void;

const token = fc.integer({ min: 0, max: SMALL.vocabularySize - 1 });
/** Prompts that sometimes have a common beginning. */
const prompt = fc
  .tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 0, max: 70 }), token)
  .map(([length, turn, other]) => Array.from({ length }, (_, i) => (i < turn ? i * 3 : other)));
const action: fc.Arbitrary<Action> = fc.oneof(
  prompt.map(
    (tokens): Action =>
      (lives) =>
        lives.prefill(tokens),
  ),
  fc.tuple(prompt, fc.nat()).map(
    ([tokens, at]): Action =>
      (lives) =>
        lives.prefill(tokens, lives.open[at % Math.max(1, lives.open.length)]),
  ),
  fc.tuple(token, fc.nat(), fc.integer({ min: 1, max: 16 })).map(([next, at, count]): Action => (lives) => {
    const from = at % Math.max(1, lives.open.length);
    return lives.step(lives.open.slice(from, from + count), next);
  }),
  fc.tuple(fc.nat(), fc.nat()).map(([at, cut]): Action => (lives) => {
    const source = lives.open[at % Math.max(1, lives.open.length)];
    if (source !== undefined) lives.fork(source, cut % (lives.tokens.get(source)!.length + 1));
  }),
  fc.nat().map((at): Action => (lives) => {
    const gone = lives.open[at % Math.max(1, lives.open.length)];
    if (gone !== undefined && at % 2 === 0) lives.release(gone);
  }),
);

describeOnQuickest('random lives of sequences', ({ gpu }) => {
  let engine: Engine;
  beforeAll(async () => void (engine = await openModel(gpu, SMALL)));
  afterAll(() => engine.dispose());

  test('end with the logits of their tokens alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 4, maxLength: 14 }), async (actions) => {
        const lives = new Lives(engine.session, engine.model.contextLength);
        try {
          for (const act of actions) {
            await act(lives);
            lives.check();
          }
        } finally {
          for (const id of lives.open) lives.release(id);
        }
        expect(engine.session.usage.pagesUsed).toBe(0);
      }),
      { numRuns: 12 },
    );
  });
});
