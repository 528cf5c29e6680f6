/** The built page in WebKitGTK, which has no WebGPU: its messages, its functions and its layout. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { WebKit } from '../setup/webkit.ts';
import { layoutFaults } from './layout.ts';
import { watchedPage, type WatchedPage } from './watched_page.ts';

const SHOTS = 'test-results/webkit';

let served: WatchedPage;
let webkit: WebKit;

beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true });
  served = await watchedPage(inject('pageUrl'));
});
afterAll(() => served.close());
beforeEach(async () => {
  webkit = await WebKit.start();
});
afterEach(() => webkit.close());

const textOf = (selector: string): Promise<string> =>
  webkit.run('return document.querySelector(arguments[0])?.innerText ?? ""', selector);
const wrong = (): Promise<string[]> => webkit.run('return globalThis.wrong');
const countOf = (selector: string): Promise<number> =>
  webkit.run('return document.querySelectorAll(arguments[0]).length', selector);

async function shoot(name: string): Promise<void> {
  writeFileSync(`${SHOTS}/${name}.png`, await webkit.screenshot());
}

async function engineIsThere(): Promise<void> {
  await expect
    .poll(() => textOf('body'), { timeout: 30_000 })
    .toMatch(/CPU, llama\.cpp b\d+-\w+ in WebAssembly/);
}

/** The canvases that are fully transparent, because nothing was drawn on them. */
const emptyCanvases = (): Promise<string[]> =>
  webkit.run(`return [...document.querySelectorAll('canvas')].filter((canvas) => {
    if (!canvas.checkVisibility() || canvas.width === 0) return false;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.every((value) => value === 0);
  }).map((canvas) => canvas.outerHTML)`);

test('the page shows the recorded run, says what is missing, and runs the model on the CPU', async () => {
  await webkit.resize(1440, 940);
  await webkit.open(served.url);
  expect(await webkit.run('return "gpu" in navigator')).toBe(false);
  // Before the engine is loaded, the page has the text, figures and charts of the record.
  await expect.poll(() => textOf('.end')).toMatch(/Saved run of Logitscope Stories/);
  await expect.poll(() => textOf('.inspector dl')).toMatch(/rank/i);
  expect(await countOf('[data-p]')).toBeGreaterThan(100);

  await engineIsThere();
  expect(await textOf('.notices')).toMatch(/This Safari has no WebGPU.*Meanwhile .* runs on the CPU/);
  // From now on the page computes the figures here.
  await expect
    .poll(() => textOf('.end'))
    .toMatch(/reproduced on this device|this device computes a different text/);
  await expect.poll(() => textOf('.inspector dl')).toMatch(/rank/i);
  await expect.poll(emptyCanvases).toEqual([]);
  await shoot('opened');

  await webkit.click('.notices button[aria-label=Close]');
  await webkit.fill('#prompt', 'The robot looked at the sea and');
  await webkit.fill('input[aria-label="Maximum of tokens"]', '24');
  await webkit.click('//button[normalize-space()="Run"]');
  await expect
    .poll(() => textOf('.text'), { timeout: 30_000 })
    .toMatch(/The robot looked at the sea and \w+/);
  await expect.poll(() => textOf('.end'), { timeout: 30_000 }).toMatch(/ended|token limit/);
  await webkit.click('[data-p="12"]');
  await webkit.click('//*[@role="tab"][normalize-space()="Table"]');
  await expect.poll(() => countOf('.inspector tbody tr')).toBeGreaterThan(5);
  await shoot('run');
  expect(await textOf('.notices')).toBe('');
  expect(await wrong()).toEqual([]);
});

describe.each(['light', 'dark'])('%s', (theme) => {
  test.each([1440, 768, 390])(
    'at %i px nothing is wider than the window, and no control overlaps another',
    async (width) => {
      await webkit.resize(1500, 1000);
      await webkit.open(`${served.url}frame.html?width=${width}&height=900&theme=${theme}`);
      await webkit.enterFrame();
      await engineIsThere();
      expect(await webkit.run('return innerWidth')).toBe(width);
      await webkit.click('.notices button[aria-label=Close]');
      for (const view of ['Playground', 'Compare', 'Tokens', 'Machine']) {
        await webkit.click(`//nav//button[normalize-space()="${view}"]`);
        await new Promise((done) => setTimeout(done, 700));
        await shoot(`${view.toLowerCase()}_${theme}_${width}`);
        expect(await webkit.run(`return (${layoutFaults.toString()})()`), view).toEqual([]);
      }
      expect(await wrong()).toEqual([]);
    },
  );
});
