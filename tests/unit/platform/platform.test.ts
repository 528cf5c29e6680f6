import { expect, test } from 'vitest';
import { platformUses } from '../../../scripts/platform/uses.ts';
import { minimum, requirements } from '../../../scripts/platform/versions.ts';

/** Features that each browser got late, used in ways that a search for names would miss. */
const planted = `
  const ours = { canParse: (text: string) => text, any: 1 };
  export async function planted(answer: Response): Promise<void> {
    const { body } = answer;
    for await (const part of body!) console.log(part);
    console.log(ours.canParse('x'), ours.any);
    console.log(AbortSignal.any([]), structuredClone([1].toSorted()));
  }`;

test('finds each used feature by its type, with its place and the first version of each browser', () => {
  const uses = platformUses(process.cwd(), 'scripts/platform', { 'planted.ts': planted });
  const needs = requirements(process.cwd(), uses, {}).filter(({ places }) =>
    places.join().includes('planted.ts'),
  );
  const of = (feature: string) => needs.find((need) => need.feature === feature);
  expect(of('ReadableStream.@@asyncIterator')).toMatchObject({
    since: { chrome: 124, firefox: 110 },
    places: ['scripts/platform/planted.ts:5'],
  });
  expect(of('ReadableStream.@@asyncIterator')!.since.safari).toBeGreaterThan(26);
  expect(of('AbortSignal.any_static')).toMatchObject({ since: { chrome: 116, safari: 17.4 } });
  expect(of('Array.toSorted')!.since.chrome).toBe(110);
  expect(of('structuredClone')).toBeDefined();
  // An object of our own with members of the same names.
  expect(of('URL.canParse_static')).toBeUndefined();
  expect(minimum(needs).chrome).toEqual({ version: 124, feature: 'ReadableStream.@@asyncIterator' });
  expect(
    requirements(process.cwd(), uses, { structuredClone: 'done without' }).map(({ feature }) => feature),
  ).not.toContain('structuredClone');
});
