/**
 * Measures what stays on the heaps of the page and its workers after hundreds of runs, in Chromium. Not part of `npm test`: run
 * `npx vitest run --project soak`. `LOGITSCOPE_SOAK` sets the number of runs.
 */
import type { CDPSession, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { finished, openScripted } from '../e2e/playground_page.ts';

const RUNS = Number(process.env['LOGITSCOPE_SOAK'] ?? 300);
/** After this many runs the page has made everything that it makes only once. */
const WARM = Math.min(30, RUNS / 2);

test(
  `the heap after ${RUNS} runs is within 20 MB of that after ${WARM}`,
  { timeout: 3_600_000 },
  async () => {
    const { page, errors, close } = await openScripted();
    const heap = await heapOf(page);
    await page.getByLabel('Maximum of tokens').fill('120');
    const temperature = page.getByRole('slider', { name: 'Temperature', exact: true }).first();
    let warm = 0;
    for (let i = 1; i <= RUNS; i++) {
      await temperature.press(i % 20 < 10 ? 'ArrowRight' : 'ArrowLeft');
      await page.getByLabel('Seed', { exact: true }).fill(String(i));
      await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).click();
      await page
        .getByRole('button', { name: 'Stop', exact: true })
        .waitFor({ timeout: 1_000 })
        .catch(() => null);
      await finished(page);
      if (i % 10 === 0) await branch(page);
      if (i % 30 === 0) await lanes(page);
      if (i === WARM || i % 30 === 0 || i === RUNS) {
        const now = await heap();
        if (i === WARM) warm = now;
        console.log(`after ${i} runs: ${(now / 1e6).toFixed(1)} MB`);
        if (i === RUNS) expect(now - warm).toBeLessThan(20e6);
      }
    }
    expect(errors).toEqual([]);
    await close();
  },
);

async function branch(page: Page): Promise<void> {
  await page.locator('[data-p="12"]').click();
  await page.getByRole('tab', { name: 'Table' }).click();
  await page.locator('tbody tr:not(.chosen):not(.gone)').first().getByRole('button').click();
  await page.getByRole('button', { name: 'Branch with it' }).click();
  await finished(page);
}

async function lanes(page: Page): Promise<void> {
  const view = (name: string) =>
    page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name }).click();
  await view('Compare');
  await page.getByRole('heading', { name: 'Lanes' }).waitFor();
  await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).click();
  await page.getByText(/tok\/s in one batch/).waitFor();
  await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).waitFor();
  await view('Playground');
  await page.locator('#prompt').waitFor();
}

/** @returns a function that collects garbage and gives the bytes in use by the page and its workers together */
async function heapOf(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  const workers = new Set<string>();
  session.on('Target.attachedToTarget', ({ sessionId }) => workers.add(sessionId));
  session.on('Target.detachedFromTarget', ({ sessionId }) => workers.delete(sessionId));
  await session.send('Target.setAutoAttach', {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: false,
  });
  return async () => {
    await session.send('HeapProfiler.collectGarbage');
    let bytes = (await session.send('Runtime.getHeapUsage')).usedSize;
    for (const sessionId of workers) {
      await ask(session, sessionId, 'HeapProfiler.collectGarbage');
      bytes += (await ask(session, sessionId, 'Runtime.getHeapUsage'))['usedSize']!;
    }
    expect(workers.size).toBeGreaterThan(0);
    return bytes;
  };
}

let asked = 0;

/** Sends a command to a worker, through its page. */
function ask(session: CDPSession, sessionId: string, method: string): Promise<Record<string, number>> {
  const id = ++asked;
  return new Promise((resolve) => {
    const hear = (event: { sessionId: string; message: string }): void => {
      const { id: answered, result } = JSON.parse(event.message) as {
        id: number;
        result: Record<string, number>;
      };
      if (event.sessionId !== sessionId || answered !== id) return;
      session.off('Target.receivedMessageFromTarget', hear);
      resolve(result);
    };
    session.on('Target.receivedMessageFromTarget', hear);
    void session.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method }) });
  });
}
