/** The GPU process dies while a text streams. The engine is rebuilt, and the text continues with the same tokens. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage } from '../setup/browser.ts';
import { finished, run, tokens } from './playground_page.ts';

/** Opens a device in the page, to see when it is lost. */
async function watchDevice(page: Page): Promise<() => Promise<string>> {
  await page.evaluate(async () => {
    const device = await (await navigator.gpu.requestAdapter())!.requestDevice();
    const watched = globalThis as { device?: GPUDevice; lost?: Promise<string> };
    // Keep a reference, because a garbage-collected device is never reported lost.
    watched.device = device;
    watched.lost = device.lost.then(({ reason }) => reason);
  });
  return () => page.evaluate(() => (globalThis as { lost?: Promise<string> }).lost!);
}

async function killGpuProcess(page: Page): Promise<void> {
  const session = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const gpu = processInfo.find(({ type }) => type === 'GPU')!;
  process.kill(gpu.id, 'SIGKILL');
}

test('a run continues after a crash of the GPU process, with the same tokens', async () => {
  const { page, close } = await openPage('#v=1&prompt=Once+upon+a+time&seed=5&max_tokens=90');
  await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).waitFor({ timeout: 60_000 });
  await run(page);
  const undisturbed = await tokens(page);
  const lost = await watchDevice(page);

  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect
    .poll(async () => (await tokens(page)).length, { timeout: 30_000 })
    .toBeLessThan(undisturbed.length);
  await expect.poll(async () => (await tokens(page)).length, { timeout: 30_000 }).toBeGreaterThan(15);
  await killGpuProcess(page);
  expect(await lost()).toBe('unknown');
  expect((await tokens(page)).length).toBeLessThan(undisturbed.length);

  await finished(page);
  expect(await tokens(page)).toEqual(undisturbed);
  await close();
});
