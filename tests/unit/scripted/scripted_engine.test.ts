import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EngineError } from '../../../src/engines/contract.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';

async function code(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof EngineError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}

describe('the tokenizer', () => {
  const { tokenizer } = new ScriptedEngine();

  test('decodes any text, whole or streamed, and from a clone within a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.nat(60), (text, cut) => {
        const ids = tokenizer.encode(text);
        expect(tokenizer.decode(ids)).toBe(text);
        const decoder = tokenizer.decoder();
        let streamed = '';
        for (const id of ids.slice(0, cut)) streamed += decoder.push(id);
        const clone = decoder.clone();
        let cloned = streamed;
        for (const id of ids.slice(cut)) {
          streamed += decoder.push(id);
          cloned += clone.push(id);
          expect(streamed).not.toContain('\uFFFD');
        }
        expect(streamed + decoder.end()).toBe(text);
        expect(cloned + clone.end()).toBe(text);
      }),
    );
  });

  test('has tokens for words and bytes, and labels an incomplete character as such', () => {
    const ids = tokenizer.encode(' the cat é');
    expect(ids.map((id) => tokenizer.label(id))).toEqual([' the', ' cat', ' ', '\\xC3', '\\xA9']);
    const decoder = tokenizer.decoder();
    expect([decoder.push(ids[3]!), decoder.end()]).toEqual(['', '\uFFFD']);
    for (let id = 0; id < tokenizer.vocabularySize; id++) expect(tokenizer.label(id)).not.toBe('');
  });

  test('reads special tokens only on request', () => {
    expect(tokenizer.encode('<eos>')).toHaveLength(5);
    expect(tokenizer.encode('<eos>', { parseSpecial: true })).toEqual([tokenizer.eos]);
    expect(tokenizer.encode('', { addSpecial: true })).toEqual([tokenizer.bos]);
    const { text, tokens: ids } = tokenizer.encodeChat([{ role: 'user', content: 'hi' }]);
    expect(tokenizer.encode(text, { parseSpecial: true })).toEqual(ids);
    expect(ids.map((id) => tokenizer.kind(id))).toEqual([
      'control',
      'byte',
      'byte',
      'control',
      'normal',
      'control',
    ]);
  });
});

describe('the session', () => {
  test('gives logits that depend only on the tokens: by prefill, by steps, in a batch, in a fork', async () => {
    const { session, tokenizer } = new ScriptedEngine();
    const tokens = tokenizer.encode('Once upon a time there was a little fox.', { addSpecial: true });
    const rows: Float32Array[] = [];
    const whole = await session.prefill(tokens, { onLogits: (position, row) => (rows[position] = row) });
    expect(rows).toHaveLength(tokens.length);
    expect(rows.at(-1)).toEqual(whole.logits);

    const { sequence } = await session.prefill(tokens.slice(0, 1));
    for (let i = 1; i < tokens.length; i++) {
      const fork = session.fork(whole.sequence, i);
      const [own, forked] = await session.step([
        { sequence, token: tokens[i]! },
        { sequence: fork, token: tokens[i]! },
      ]);
      expect(own).toEqual(rows[i]);
      expect(forked).toEqual(rows[i]);
      session.release(fork);
    }
    expect(session.tokens(sequence)).toEqual(tokens);
    const more = await session.prefill(tokens.slice(0, 2), { sequence });
    expect(more.sequence).toBe(sequence);
    expect(session.tokens(sequence)).toEqual([...tokens, ...tokens.slice(0, 2)]);
  });

  test('shares pages between forks, copies the last one on write, and frees them on release', async () => {
    const { session } = new ScriptedEngine();
    const { sequence } = await session.prefill(new Array(40).fill(300));
    const used = () => session.usage.pagesUsed;
    expect(used()).toBe(3);
    const forks = [1, 2, 3].map(() => session.fork(sequence));
    expect(used()).toBe(3);
    await session.step(forks.slice(0, 2).map((fork) => ({ sequence: fork, token: 301 })));
    expect(used()).toBe(5);
    session.release(sequence);
    expect(used()).toBe(5);
    session.release(forks[2]!);
    expect(used()).toBe(4);
    const half = session.fork(forks[0]!, 16);
    await session.step([{ sequence: half, token: 301 }]);
    expect(used()).toBe(5);
    for (const fork of [forks[0]!, forks[1]!, half]) session.release(fork);
    expect(used()).toBe(0);
  });

  test('reports misuse', async () => {
    const { session } = new ScriptedEngine({ maxBatch: 2, contextLength: 12, pagesTotal: 2 });
    const { sequence } = await session.prefill([0, 300]);
    const step = (...sequences: number[]) =>
      session.step(sequences.map((id) => ({ sequence: id, token: 300 })));
    expect(await code(() => session.prefill([]))).toBe('empty-prompt');
    expect(await code(() => session.prefill([4000]))).toBe('bad-token');
    expect(await code(() => session.prefill(new Array(13).fill(300)))).toBe('context-full');
    expect(await code(() => step())).toBe('not-supported');
    expect(await code(() => step(sequence, sequence))).toBe('bad-sequence');
    expect(await code(() => step(99))).toBe('bad-sequence');
    expect(await code(() => session.fork(sequence, 3))).toBe('bad-sequence');
    expect(await code(() => session.prefill([300], { signal: AbortSignal.abort() }))).toBe('aborted');
    expect(session.usage.pagesUsed).toBe(1);
    const other = await session.prefill([300]);
    expect(await code(() => session.prefill([300]))).toBe('out-of-memory');
    session.release(other.sequence);
    expect(await code(() => session.release(other.sequence))).toBe('bad-sequence');
  });

  test('refuses overlapping calls, and keeps to its delay', async () => {
    const { session } = new ScriptedEngine({ stepDelay: 15 });
    const started = performance.now();
    const first = session.prefill([0]);
    expect(await code(() => session.prefill([0]))).toBe('not-supported');
    await first;
    expect(performance.now() - started).toBeGreaterThan(13);
  });
});

test('it describes its model, capabilities and device', () => {
  const engine = new ScriptedEngine({ contextLength: 100, maxBatch: 4 });
  expect(engine.model).toMatchObject({ contextLength: 100, vocabularySize: engine.tokenizer.vocabularySize });
  expect(engine.capabilities).toMatchObject({ logits: 'full', fork: true, maxBatch: 4 });
  expect(engine.describe()).toMatchObject({ software: true });
  engine.dispose();
});
