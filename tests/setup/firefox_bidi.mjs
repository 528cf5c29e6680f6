#!/usr/bin/env node
/**
 * Lets Playwright's WebDriver BiDi channel, which uses one command that Firefox lacks, drive a plain Firefox. This program
 * stands in for Firefox: it starts the real one (`LOGITSCOPE_FIREFOX_PROGRAM`), passes every message on, and answers that
 * command itself. Delete this file when a plain `firefox.launch({ channel: 'moz-firefox' })` opens a context.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { WebSocket, WebSocketServer } from 'ws';

/** Sets the colour scheme and the like. Playwright sends it for every page, and Firefox 153 answers "unknown command". */
const UNKNOWN_TO_FIREFOX = 'emulation.setMediaFeaturesOverride';

const child = spawn(process.env['LOGITSCOPE_FIREFOX_PROGRAM'], process.argv.slice(2), {
  stdio: ['ignore', 'inherit', 'pipe'],
});
child.on('close', (code) => process.exit(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));

createInterface({ input: child.stderr }).on('line', (line) => {
  const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
  if (address === undefined) process.stderr.write(`${line}\n`);
  else serve(address);
});

/** @param {string} address where Firefox listens */
function serve(address) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('listening', () =>
    process.stderr.write(`WebDriver BiDi listening on ws://127.0.0.1:${server.address().port}\n`),
  );
  server.on('connection', (playwright, { url }) => {
    const firefox = new WebSocket(address + url, { maxPayload: 0 });
    const early = [];
    playwright.on('message', (data) => {
      const text = data.toString();
      const { id, method } = JSON.parse(text);
      if (method === UNKNOWN_TO_FIREFOX) {
        playwright.send(JSON.stringify({ type: 'success', id, result: {} }));
      } else if (firefox.readyState === WebSocket.CONNECTING) early.push(text);
      else firefox.send(text);
    });
    firefox.on('open', () => early.splice(0).forEach((text) => firefox.send(text)));
    firefox.on('message', (data) => playwright.send(data.toString()));
    for (const [one, other] of [
      [playwright, firefox],
      [firefox, playwright],
    ]) {
      one.on('close', () => other.close());
      one.on('error', () => other.close());
    }
  });
}
