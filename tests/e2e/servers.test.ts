/** A model on a server, in the page. A stand-in on this machine answers like vLLM. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPage } from '../setup/browser.ts';
import * as replies from '../unit/engines/server_replies.ts';

let server: Server;
let host: string;
let authorised: (string | undefined)[] = [];
let bodies: Record<string, unknown>[] = [];

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += String(part);
  return text;
}

beforeAll(async () => {
  server = createServer(async (request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-headers', 'content-type, authorization');
    if (request.method === 'OPTIONS') return void response.end();
    authorised.push(request.headers.authorization);
    if (request.method === 'GET') return void response.end(JSON.stringify(replies.models.vllm));
    bodies.push(JSON.parse(await bodyOf(request)) as Record<string, unknown>);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    // Events come one after another, as from a model.
    for (const event of replies.vllm.split('\n\n').filter((text) => text !== '')) {
      response.write(`${event}\n\n`);
      await new Promise((done) => setTimeout(done, 30));
    }
    response.end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test('a server connects, runs, and fills the charts, and its key goes nowhere else', async () => {
  authorised = [];
  bodies = [];
  const { page, errors, foreignRequests, close } = await openPage();
  expect(foreignRequests).toEqual([]);
  await page.getByText('nothing is sent to a server').waitFor();
  await page.getByRole('button', { name: 'Models' }).click();
  const dialog = page.getByRole('dialog', { name: 'Models' });
  await dialog.getByLabel('Base URL').fill(`http://${host}/v1`);
  await dialog.getByLabel('API key (optional)').fill('sk-very-secret');
  await dialog.getByRole('button', { name: `List the models of ${host}` }).click();
  // The list belongs to the server that sent it, whatever a person types afterwards.
  await dialog.getByLabel('Base URL').fill('http://127.0.0.1:9/v1');
  await dialog.getByLabel('API key (optional)').fill('sk-of-another');
  await dialog.getByRole('button', { name: 'Use Qwen/Qwen2.5-0.5B' }).click();
  await page.getByText(`your text goes to ${host}`).waitFor();
  await page.getByText('the server counts the tokens').waitFor();

  // Parameters that vLLM takes can be set; the others are disabled with the reason.
  expect(await page.getByLabel('Top-k, exact').isEnabled()).toBe(true);
  expect(await page.getByLabel('Top-nσ, exact').isDisabled()).toBe(true);
  await page
    .getByText(`${host} samples by itself and does not take this parameter.`)
    .first()
    .waitFor({ state: 'attached' });

  await page.getByRole('button', { name: 'Run', exact: true }).click();
  // The recorded run that the page opens with has ended already, so the end is this text's own.
  await page.waitForFunction(
    () =>
      [...document.querySelectorAll('[data-p]')]
        .slice(1)
        .map((token) => token.textContent)
        .join('') === ' Paris.',
  );
  expect(bodies[0]).toMatchObject({ model: 'Qwen/Qwen2.5-0.5B', logprobs: 20, top_k: 40, stream: true });
  expect(Object.keys(bodies[0]!)).not.toContain('top_n_sigma');

  // The step of " Paris" has three alternatives and the rest.
  await page.locator('[data-p="1"]').click();
  await page.getByRole('tab', { name: 'Table' }).click();
  const row = page.getByRole('row', { name: /Paris/ });
  await expect.poll(() => row.textContent()).toMatch(/4\.5 ?%/);
  expect(await page.getByRole('row', { name: /all others/ }).textContent()).toMatch(/6\.\d+ ?%/);
  expect(await page.getByRole('tabpanel').textContent()).not.toContain('NaN');

  const everywhere = await page.evaluate(async () => {
    const stored: string[] = [
      location.href,
      JSON.stringify({ ...localStorage }),
      JSON.stringify({ ...sessionStorage }),
    ];
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open(name!);
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(opening.error!);
      });
      for (const store of database.objectStoreNames) {
        const all = database.transaction(store).objectStore(store).getAll();
        stored.push(
          JSON.stringify(await new Promise((resolve) => (all.onsuccess = () => resolve(all.result)))),
        );
      }
      database.close();
    }
    return stored.join('\n');
  });
  expect(everywhere).not.toContain('sk-very-secret');
  expect(new Set(authorised)).toEqual(new Set(['Bearer sk-very-secret']));
  expect(foreignRequests.every((url) => new URL(url).host === host)).toBe(true);
  expect(errors).toEqual([]);
  await page.screenshot({ path: 'test-results/servers.png' });
  await close();
});

test('a missing server and a malformed address give one sentence each', async () => {
  const { page, close } = await openPage();
  await page.getByRole('button', { name: 'Models' }).click();
  const dialog = page.getByRole('dialog', { name: 'Models' });
  await dialog.getByLabel('Base URL').fill('http://127.0.0.1:9/v1');
  await dialog.getByRole('button', { name: 'List the models of' }).click();
  await dialog.getByText(/127\.0\.0\.1:9 cannot be reached; check that the server runs/).waitFor();
  await dialog.getByLabel('Base URL').fill('localhost');
  await dialog.getByRole('button', { name: 'List its models' }).click();
  await dialog.getByText(/“localhost” is not the address of a server/).waitFor();
  await close();
});
