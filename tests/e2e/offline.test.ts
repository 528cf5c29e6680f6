import { appendFileSync, createReadStream, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { keptOffline } from './offline_page.ts';
import { run } from './playground_page.ts';
import { outputOf } from './share_page.ts';
import { openPage } from '../setup/browser.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

/** The built page under a path of its own, as a plain host would serve it. */
async function serveUnder(path: string): Promise<{ server: Server; url: string; missed: string[] }> {
  const missed: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    const name = pathname.startsWith(path) ? pathname.slice(path.length) || 'index.html' : '';
    const file = join('dist', name);
    if (name === '' || !existsSync(file) || !statSync(file).isFile()) {
      missed.push(pathname);
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, missed };
}

test('after the first visit the page opens and runs without a network', async () => {
  const { page, errors, close } = await openPage('?engine=scripted', { serviceWorkers: 'allow' });
  await keptOffline(page);
  await page.context().setOffline(true);
  await page.reload();
  await run(page);
  expect((await outputOf(page)).length).toBeGreaterThan(20);
  // Parts that load on demand are kept too.
  await page.getByRole('button', { name: 'History' }).click();
  await page.getByRole('dialog', { name: 'History' }).waitFor();
  expect(errors).toEqual([]);
  await close();
});

test('a new version is offered, and replaces the page on request', async () => {
  const before = readFileSync('dist/sw.js', 'utf8');
  const { page, close } = await openPage('?engine=scripted', { serviceWorkers: 'allow' });
  try {
    await keptOffline(page);
    await page.reload();
    await run(page);
    appendFileSync('dist/sw.js', '\n// another version\n');
    await page.evaluate(async () => {
      (window as { sameDocument?: boolean }).sameDocument = true;
      await (await navigator.serviceWorker.ready).update();
    });
    await page.getByText('A new version of this page is ready').waitFor();
    // Nothing happens by itself.
    await page.waitForTimeout(1000);
    expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true);
    await page.getByRole('button', { name: 'Reload with it' }).click();
    await page.waitForFunction(() => !('sameDocument' in window));
    await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).waitFor();
  } finally {
    writeFileSync('dist/sw.js', before);
    await close();
  }
});

test('when one tab takes a new version, the others offer it with one click', async () => {
  const before = readFileSync('dist/sw.js', 'utf8');
  const { page, close } = await openPage('?engine=scripted', { serviceWorkers: 'allow' });
  try {
    await keptOffline(page);
    await page.reload();
    const other = await page.context().newPage();
    await other.goto(page.url());
    await Promise.all([run(page), run(other)]);
    appendFileSync('dist/sw.js', '\n// another version\n');
    await other.evaluate(() => void ((window as { sameDocument?: boolean }).sameDocument = true));
    await page.evaluate(async () => void (await (await navigator.serviceWorker.ready).update()));
    await page.getByRole('button', { name: 'Reload with it' }).click();
    await other.getByText('Another tab took the new version').waitFor();
    expect(await other.evaluate(() => 'sameDocument' in window)).toBe(true);
    // The older offer, whose service worker is in use by now.
    await other.getByRole('button', { name: 'Reload with it' }).first().click();
    await other.waitForFunction(() => !('sameDocument' in window));
    await other.getByRole('button', { name: 'Run', exact: true, disabled: false }).waitFor();
  } finally {
    writeFileSync('dist/sw.js', before);
    await close();
  }
});

test('when a part of the page can no longer be fetched, the page says so and offers to reload', async () => {
  const { page, close } = await openPage('?engine=scripted');
  await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).waitFor();
  await page.route('**/*.js', (route) => route.abort());
  const views = page.getByRole('navigation', { name: 'Views' });
  for (const view of ['Compare', 'Tokens', 'Machine']) {
    await views.getByRole('button', { name: view }).click();
    await page.getByRole('alert').getByText('This part of the page could not be loaded').waitFor();
  }
  await page.unroute('**/*.js');
  await page.getByRole('button', { name: 'Reload the page' }).click();
  await page.getByRole('alert').waitFor({ state: 'detached' });
  await close();
});

test('the built page works under any path, also from the cache', async () => {
  const { server, url, missed } = await serveUnder('/some/where/else/');
  const { page, close } = await openPage('?engine=scripted', { serviceWorkers: 'allow' });
  try {
    const outside: string[] = [];
    page.on('request', (request) => {
      // The page that the browser opened with may still be requesting its own files.
      const [asked, first] = [request.url(), inject('pageUrl')];
      if (asked.startsWith('http') && !asked.startsWith(url) && !asked.startsWith(first)) outside.push(asked);
    });
    await page.goto(`${url}?engine=scripted`);
    await run(page);
    await keptOffline(page);
    expect(await page.evaluate(async () => (await navigator.serviceWorker.ready).scope)).toBe(url);
    await page.context().setOffline(true);
    await page.reload();
    await run(page);
    // A copy without a model of its own requests these and works without them.
    expect(missed.filter((path) => !path.endsWith('/recording.json'))).toEqual([]);
    expect(outside).toEqual([]);
  } finally {
    await close();
    server.close();
  }
});

test('the content security policy forbids inline scripts and eval, and the page obeys it', async () => {
  const { page, errors, close } = await openPage('?engine=scripted', {
    setUp: (opening) =>
      opening.addInitScript(() => {
        const found: string[] = [];
        (window as { violations?: string[] }).violations = found;
        document.addEventListener('securitypolicyviolation', (event) =>
          found.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
        );
      }),
  });
  const violations = (): Promise<string[]> =>
    page.evaluate(() => (window as { violations?: string[] }).violations ?? ['not watched']);
  await run(page);
  for (const view of ['Compare', 'Tokens', 'Machine', 'Playground']) {
    await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: view }).click();
    await page.waitForTimeout(500);
  }
  for (const dialog of ['Share', 'History']) {
    await page.getByRole('button', { name: dialog }).click();
    await page.getByRole('dialog', { name: dialog }).waitFor();
    await page.keyboard.press('Escape');
  }
  expect(await violations()).toEqual([]);
  expect(errors).toEqual([]);

  const evaluated = await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.inlineRan = true';
    document.head.append(script);
    // In a separate task, because code that the test driver evaluates is exempt.
    return new Promise<string>((resolve) =>
      setTimeout(() => {
        try {
          resolve(String(new Function('return 1')()));
        } catch (error) {
          resolve((error as Error).name);
        }
      }),
    );
  });
  expect(evaluated).toBe('EvalError');
  expect(await page.evaluate(() => 'inlineRan' in window)).toBe(false);
  expect((await violations()).length).toBe(2);
  await close();
});
