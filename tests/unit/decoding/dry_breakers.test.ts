import { expect, test } from 'vitest';
import { resolveBreakers } from '../../../src/decoding/dry_breakers.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { lane, runScripted } from './run_scripted.ts';

const { tokenizer } = new ScriptedEngine();
const id = (text: string) => tokenizer.encode(text)[0]!;

test('a token that contains the breaker is a breaker by itself', () => {
  const breakers = resolveBreakers(['\n', 'at'], tokenizer);
  expect(breakers.get(id('\n'))).toContainEqual([]);
  expect(breakers.get(id(' cat'))).toEqual([[]]);
  expect(breakers.get(id(' dog'))).toBeUndefined();
});

test('a token that ends with the start of a breaker needs the tokens of the rest', () => {
  const breakers = resolveBreakers(['t saw'], tokenizer);
  // " cat" ends in "t"; " saw" is a separate word.
  expect(breakers.get(id(' cat'))).toEqual([[id(' saw')]]);
  expect(breakers.get(id(' boat'))).toEqual([[id(' saw')]]);
  expect(breakers.get(id(' cats'))).toEqual(breakers.get(id(' cat')));
});

test('breakers may have characters of several bytes', () => {
  const breakers = resolveBreakers(['é'], tokenizer);
  // The first byte begins the breaker, but the other bytes of a character are not text.
  const [first] = tokenizer.encode('é');
  expect(breakers.get(first!)).toBeUndefined();
  expect(resolveBreakers([], tokenizer).size).toBe(0);
});

test('DRY does not penalise a repeat across a breaker', async () => {
  const text = 'the cat saw the dog. the cat saw the';
  const run = async (dryBreakers: string[]) => {
    const params = { dryMultiplier: 50, dryAllowedLength: 2, dryBreakers, temperature: 0, topK: 0 };
    const { records } = await runScripted(
      { lanes: [lane(params)], stop: { maxTokens: 1, sequences: [] } },
      { text },
    );
    return records[0]!.stages.find(({ stage }) => stage === 'dry')!.changed;
  };
  expect(await run([])).toBe(1);
  expect(await run(['.'])).toBe(1);
  expect(await run(['saw'])).toBe(0);
});
