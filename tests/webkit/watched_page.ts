/**
 * Serves the built page with an extra first script that gathers errors, because WebDriver has no access to a console. Also serves
 * `frame.html?width=…&height=…&theme=…`, which shows the page in a frame of any size, because the window has a minimum width. The
 * theme is set before the frame exists, because a second page opened over a busy first one is reported as loaded too early.
 */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

const WATCH = `
  const wrong = (globalThis.wrong = []);
  addEventListener('error', ({ message, target }) => wrong.push(message ?? 'not loaded: ' + (target.src ?? target.href)), true);
  addEventListener('unhandledrejection', ({ reason }) => wrong.push('not handled: ' + reason));
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => wrong.push(violatedDirective + ': ' + blockedURI));
  const { error } = console;
  console.error = (...said) => (wrong.push(said.join(' ')), error(...said));
`;

export interface WatchedPage {
  readonly url: string;
  close(): void;
}

/** @param pageUrl the address of the built page */
export async function watchedPage(pageUrl: string): Promise<WatchedPage> {
  const server = createServer((request, response) => {
    const url = new URL(request.url!, pageUrl);
    const send = (type: string, body: string | Uint8Array): void =>
      void response.writeHead(200, { 'content-type': type }).end(body);
    if (url.pathname === '/watch.js') return send('text/javascript', WATCH);
    if (url.pathname === '/frame.html') {
      const [width, height] = [url.searchParams.get('width'), url.searchParams.get('height')];
      const frame = `<iframe src="./" width="${width}" height="${height}" style="border: 0"></iframe>`;
      const theme = JSON.stringify(url.searchParams.get('theme'));
      const script = `<script>localStorage.setItem('logitscope-theme', ${theme})</script>`;
      return send('text/html', `<!doctype html><body style="margin: 0">${script}${frame}`);
    }
    fetch(url).then(
      async (answer) => {
        const type = answer.headers.get('content-type') ?? '';
        const body = new Uint8Array(await answer.arrayBuffer());
        if (!type.startsWith('text/html')) return send(type, body);
        send(
          type,
          new TextDecoder().decode(body).replace('<script', '<script src="watch.js"></script><script'),
        );
      },
      () => response.writeHead(502).end(),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
