import { beforeEach, expect, test } from 'vitest';
import { openLink } from '../../src/playground/link/open_link.ts';
import { readFragment } from '../../src/playground/link/fragment.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { fresh, notices } from './fresh.ts';

beforeEach(() => fresh());

const open = (query: string): Promise<void> => openLink({ ...readFragment(`v=1&${query}`)!, packed: null });

test('one notice names every unknown parameter and every value out of range', async () => {
  await open('t=-1&top_p=7&top_k=x&min_p=-3&max_tokens=0&seed=-5&top=9999&topp=0.3&bogus=1&alpha=2&omega=3');
  expect(notices()).toHaveLength(1);
  const [notice] = notices();
  for (const said of ['t=-1', 'top_p=7', 'top_k=x', 'min_p=-3', 'max_tokens=0', 'seed=-5', 'top=9999'])
    expect(notice).toContain(`The link says ${said},`);
  for (const name of ['topp', 'bogus', 'alpha', 'omega']) expect(notice).toContain(`"${name}"`);
  expect(playground.notices[0]!.tone).toBe('error');
});

test('a notice counts the problems that it has no room for', async () => {
  const bans = Array.from({ length: 30 }, (_, lane) => `order.${lane + 1}=${'x'.repeat(60)}`);
  const names = Array.from({ length: 25 }, (_, index) => `name${index}=1`);
  await open(
    ['lanes=8', ...bans, 't=-1,-2,-3,-4,-5,-6,-7,-8', 'top_p=7,8,9,10,11,12,13,14', ...names].join('&'),
  );
  const [notice] = notices();
  expect(notice!.length).toBeLessThan(1800);
  expect(notice).toMatch(
    /\d+ more values are not usable\. The link has "order\.9", .* \d+ more, which this page/,
  );
});
