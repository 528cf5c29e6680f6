/** Patterns in real threads of Node, which can be ended. The browser tests cover the page's own worker. */
import { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { EngineError } from '../../../src/engines/contract.ts';
import { SamplingError } from '../../../src/sampling/errors.ts';
import { patternMatcher, type PatternWorker } from '../../../src/worker/texts/pattern_matcher.ts';

/** Does the same as `pattern.worker.ts`. */
const code = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', ({ pattern, text }) => {
    parentPort.postMessage({ type: 'begun' });
    const found = new RegExp(pattern.source, pattern.flags).exec(text);
    parentPort.postMessage({ type: 'found', match: found && [...found] });
  });`;

const threads: Worker[] = [];
afterEach(async () => {
  await Promise.all(threads.splice(0).map((thread) => thread.terminate()));
});

function start(): PatternWorker {
  const thread = new Worker(code, { eval: true });
  threads.push(thread);
  const worker: PatternWorker = {
    onmessage: null,
    onerror: null,
    postMessage: (question) => thread.postMessage(question),
    terminate: () => void thread.terminate(),
  };
  thread.on('message', (data) => worker.onmessage?.({ data } as MessageEvent));
  thread.on('error', ({ message }) => worker.onerror?.({ message } as ErrorEvent));
  return worker;
}

const slow = { source: '^(\\w+\\s?)+$', flags: 'iu' };
const text = 'Once upon a time there was a little girl named Lily She liked to play!';

test('a match gives its groups, and one worker matches one pattern after another', async () => {
  const match = patternMatcher(start);
  const pattern = { source: 'named (\\w+)( Smith)?', flags: '' };
  const found = await Promise.all([match(pattern, text), match(pattern, 'nobody'), match(pattern, text)]);
  expect(found[0]).toEqual(['named Lily', 'Lily', undefined]);
  expect(found[1]).toBeNull();
  expect(found[2]).toEqual(found[0]);
  expect(threads).toHaveLength(1);
});

test('a pattern that never finishes ends with its thread, and the next one gets a new thread', async () => {
  const match = patternMatcher(start);
  const asked = [match(slow, text), match({ source: 'Lily', flags: '' }, text)];
  const [ended, next] = await Promise.allSettled(asked);
  expect(ended).toMatchObject({ status: 'rejected' });
  const { reason } = ended as PromiseRejectedResult;
  expect(reason).toBeInstanceOf(SamplingError);
  expect((reason as Error).message).toBe(
    `The regular expression "${slow.source}" took longer than 250 ms on a text of ${text.length} characters, so it was stopped; write it without a repetition inside another, as in "(a+)+".`,
  );
  expect(next).toMatchObject({ status: 'fulfilled', value: ['Lily'] });
  expect(threads).toHaveLength(2);
});

test('a worker that cannot start gives a sentence, and is started again next time', async () => {
  let first = true;
  const match = patternMatcher(() => {
    const worker = start();
    if (first) queueMicrotask(() => worker.onerror?.({ message: '' } as ErrorEvent));
    first = false;
    return worker;
  });
  const failed = match({ source: 'a', flags: '' }, 'a');
  await expect(failed).rejects.toBeInstanceOf(EngineError);
  await expect(failed).rejects.toThrow('it could not be started');
  expect(await match({ source: 'a', flags: '' }, 'a')).toEqual(['a']);
});
