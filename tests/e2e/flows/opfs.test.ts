/** The contract of the models' store over the private file systems of real browsers; tests/unit/models/store.test.ts has the double. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build, type Rolldown } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPage } from '../../setup/browser.ts';
import { CONTRACT } from '../../unit/models/store_contract.ts';
import type { ContractResults } from './opfs.worker.ts';

const nothingWrong = Object.fromEntries(CONTRACT.map(({ name }) => [name, null]));

let server: Server;
let url: string;
beforeAll(async () => {
  const [bundle] = (await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      lib: { entry: 'tests/e2e/flows/opfs.worker.ts', formats: ['es'] },
      target: 'esnext',
    },
  })) as Rolldown.RolldownOutput[];
  const { code } = bundle!.output[0];
  server = createServer((request, response) => {
    const script = request.url === '/worker.js';
    response.writeHead(200, { 'content-type': script ? 'text/javascript' : 'text/html' });
    response.end(script ? code : '<!doctype html><title>contract</title>');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => void server.close());

/** The worker's results, for the page. */
function runContract(): Promise<ContractResults> {
  return new Promise((resolve, reject) => {
    const worker = new Worker('/worker.js', { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<ContractResults>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
}

test('the browser’s storage keeps to the store’s contract', async () => {
  const { page, close } = await openPage('?engine=scripted');
  await page.goto(url);
  expect(await page.evaluate(runContract)).toEqual(nothingWrong);
  await close();
});
