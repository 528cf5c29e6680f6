/**
 * Drives WebKitGTK with plain W3C WebDriver. It is the closest to Safari on Linux, but without WebGPU. It runs on its own
 * display, Xvfb's.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

export const HOW_TO_GET_WEBKIT =
  'no WebKitWebDriver or no Xvfb on this machine: on Debian and Ubuntu run "apt-get install webkit2gtk-driver xvfb"';

const runs = (program: string, option: string): boolean =>
  spawnSync(program, [option], { timeout: 20_000 }).error === undefined;

/** Whether the tests in WebKitGTK can run here. */
export const webkitIsHere =
  process.platform === 'linux' && runs('WebKitWebDriver', '--help') && runs('Xvfb', '-help');

/** The key with which W3C WebDriver refers to an element. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

export class WebKit {
  private constructor(
    private readonly session: string,
    private readonly programs: readonly ChildProcess[],
  ) {}

  /** @param port the driver listens here, for this machine only */
  static async start(port = 40_000 + (process.pid % 20_000)): Promise<WebKit> {
    const screen = ['-screen', '0', '1600x1200x24', '-nolisten', 'tcp', '-displayfd', '3'];
    const xvfb = spawn('Xvfb', screen, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
    const [display] = await once(xvfb.stdio[3] as Readable, 'data');
    const env = { ...process.env, DISPLAY: `:${String(display).trim()}`, GDK_BACKEND: 'x11' };
    const driver = spawn('WebKitWebDriver', [`--port=${port}`], { env, stdio: 'ignore' });
    const programs = [driver, xvfb];
    const base = `http://127.0.0.1:${port}/session`;
    // An element may come a moment after its page.
    const capabilities = { alwaysMatch: { timeouts: { implicit: 10_000 } } };
    let failure: unknown;
    for (let waited = 0; waited < 20_000; waited += 100) {
      try {
        // Without requested capabilities, the driver starts WebKitGTK's MiniBrowser.
        const { sessionId } = await ask<{ sessionId: string }>('POST', base, { capabilities });
        return new WebKit(`${base}/${sessionId}`, programs);
      } catch (error) {
        failure = error;
        // The connection is refused until the driver listens; an answer of the driver itself is final.
        if (error instanceof DriverError) break;
      }
      await new Promise((done) => setTimeout(done, 100));
    }
    for (const program of programs) program.kill();
    throw failure;
  }

  async close(): Promise<void> {
    await ask('DELETE', this.session).finally(() => {
      for (const program of this.programs) program.kill();
    });
  }

  /** Resolves when the page has loaded. */
  async open(url: string): Promise<void> {
    await this.#post('url', { url });
  }

  /** Size of the window with its frame, which is at least 447 pixels wide. */
  async resize(width: number, height: number): Promise<void> {
    await this.#post('window/rect', { width, height });
  }

  /** @param script the body of a function; its result, or that of its promise, comes back as JSON */
  run<T>(script: string, ...args: readonly unknown[]): Promise<T> {
    return this.#post<T>('execute/sync', { script, args });
  }

  /** Later commands go to the page's first frame. */
  async enterFrame(): Promise<void> {
    await this.#post('frame', { id: { [ELEMENT]: await this.#find('iframe') } });
  }

  /** Clicks the middle of an element, as a person does. */
  async click(selector: string): Promise<void> {
    await this.#post(`element/${await this.#find(selector)}/click`, {});
  }

  /** Replaces the content of a field. */
  async fill(selector: string, text: string): Promise<void> {
    const element = await this.#find(selector);
    await this.#post(`element/${element}/clear`, {});
    await this.#post(`element/${element}/value`, { text });
  }

  async screenshot(): Promise<Buffer> {
    return Buffer.from(await ask<string>('GET', `${this.session}/screenshot`), 'base64');
  }

  /** @param selector CSS, or XPath if it begins with a slash */
  async #find(selector: string): Promise<string> {
    const using = selector.startsWith('/') ? 'xpath' : 'css selector';
    const found = await this.#post<Record<string, string>>('element', { using, value: selector });
    return found[ELEMENT]!;
  }

  #post<T>(path: string, body: unknown): Promise<T> {
    return ask<T>('POST', `${this.session}/${path}`, body);
  }
}

/** A refusal by the driver itself. */
class DriverError extends Error {}

async function ask<T>(method: string, url: string, body?: unknown): Promise<T> {
  const answer = await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const { value } = (await answer.json()) as { value: T & { message?: string } };
  if (!answer.ok) throw new DriverError(`WebKitWebDriver: ${value.message}`);
  return value;
}
