import { expect, test } from 'vitest';
import { openScripted } from './playground_page.ts';

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of the thread's own time, which other work on the machine does not lengthen. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Tokens that a text may end with: banned, so that it goes on for as long as it is asked to. */
const enders = ['<eos>', '<|end|>'];

// Other work on the machine spoils caches and so lengthens tasks: what counts is that one of three runs is undisturbed.
test(
  '200 tokens a second, 2,000 on the page: no task of the main thread runs 50 ms, hardly one a frame',
  { retry: 2 },
  async () => {
    const { page, errors, close } = await openScripted({}, 5);
    await page.getByRole('button', { name: 'Logit bias', exact: true }).click();
    for (const [index, ender] of enders.entries()) {
      await page.getByRole('combobox', { name: 'Token to bias' }).fill(ender);
      await page.getByRole('listbox').getByRole('option').first().click();
      await page.getByRole('button', { name: 'Ban' }).nth(index).click();
    }
    await page.getByLabel('Maximum of tokens').fill('2000');
    const browser = page.context().browser()!;
    await browser.startTracing(page, { categories: ['toplevel'] });
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.waitForFunction(() => document.querySelector('.end'), null, {
      timeout: 90_000,
      polling: 1000,
    });
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
      traceEvents: TraceEvent[];
    };
    expect(await page.locator('[data-p]').count()).toBeGreaterThan(2000);

    const mains = new Set(
      traceEvents
        .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
        .map(({ pid, tid }) => `${pid}:${tid}`),
    );
    const tasks = traceEvents
      .filter(({ name, pid, tid }) => name.endsWith('RunTask') && mains.has(`${pid}:${tid}`))
      .map(({ tdur = 0 }) => tdur / 1000)
      .sort((a, b) => b - a);
    const overFrame = tasks.filter((ms) => ms > 16).length;
    console.log(`longest task ${tasks[0]?.toFixed(1)} ms, ${overFrame} of ${tasks.length} over 16 ms`);
    expect(tasks.length).toBeGreaterThan(200);
    expect(tasks[0]).toBeLessThan(50);
    expect(overFrame / tasks.length).toBeLessThan(0.05);
    expect(errors).toEqual([]);
    await close();
  },
);
