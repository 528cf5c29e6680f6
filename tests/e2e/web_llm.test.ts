/**
 * web-llm in the page: its real engine in the real worker, as far as it gets without a model's weights, which no test machine
 * has. A stand-in replaces its hosts. tests/unit/engines/web_llm.test.ts tests what follows a loaded model.
 */
import type { Page, Route } from 'playwright-core';
import { expect, test } from 'vitest';
import { bytePairVocabulary } from '../models/small_vocabulary.ts';
import { openPage } from '../setup/browser.ts';
import { desktop, run, shoot } from './playground_page.ts';

const dialog = (page: Page) => page.getByRole('dialog', { name: 'Models' });
const button = (page: Page) =>
  dialog(page).getByRole('button', { name: /^Download SmolLM2 360M Instruct for web-llm/ });

type Answer = (path: string, route: Route) => Promise<void>;

/** @param answer answers for each file of a model, by file name */
async function openWith(answer: Answer, webgpu = true) {
  const asked: string[] = [];
  const opened = await openPage('?engine=scripted', {
    viewport: desktop,
    webgpu,
    errorNotices: /SmolLM2 360M Instruct|huggingface\.co|mlc-chat-config/,
    setUp: (page) =>
      page.context().route(/^https:\/\/(huggingface\.co|raw\.githubusercontent\.com)\//, async (route) => {
        const url = new URL(route.request().url());
        asked.push(url.host + url.pathname);
        await answer(url.pathname.split('/').at(-1)!, route);
      }),
  });
  await opened.page.getByRole('button', { name: 'Run', exact: true, disabled: false }).waitFor();
  return { ...opened, asked };
}

const json = (route: Route, value: unknown): Promise<void> =>
  route.fulfill({ json: value, headers: { 'access-control-allow-origin': '*' } });

const config = {
  vocab_size: 300,
  context_window_size: 2048,
  model_type: 'llama',
  tokenizer_files: ['tokenizer.json', 'tokenizer_config.json'],
  model_config: { hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2 },
};
/** The tokenizer.json of a small vocabulary: 256 bytes, some merges, three special tokens. */
const vocabulary = bytePairVocabulary(300, 'smollm');
const entries = vocabulary.get('tokenizer.ggml.tokens')!.value as string[];
const tokenizer = {
  model: {
    type: 'BPE',
    vocab: Object.fromEntries(entries.map((text, id) => [text, id])),
    merges: vocabulary.get('tokenizer.ggml.merges')!.value as string[],
  },
  added_tokens: entries.flatMap((content, id) =>
    content.startsWith('<|') ? [{ id, content, special: true }] : [],
  ),
};

/** A model whose small files are right, but whose compiled shaders are not shaders. */
const withoutShaders: Answer = (name, route) => {
  if (name === 'mlc-chat-config.json') return json(route, config);
  if (name === 'tokenizer.json') return json(route, tokenizer);
  if (name === 'tokenizer_config.json') return json(route, { eos_token: '<|im_end|>' });
  if (name.endsWith('.wasm')) {
    const headers = { 'access-control-allow-origin': '*' };
    return route.fulfill({ body: Buffer.from('no shaders'), contentType: 'application/wasm', headers });
  }
  return route.abort();
};

test('the page names host and size before it fetches anything, and a click fetches from that host', async () => {
  const { page, asked, foreignRequests, close } = await openWith(withoutShaders);
  await page.getByRole('button', { name: 'Models' }).click();
  await button(page).waitFor();
  expect(await button(page).getAttribute('aria-label')).toMatch(
    /about 2\d\d MB, from huggingface\.co and raw\.githubusercontent\.com/,
  );
  await button(page).scrollIntoViewIfNeeded();
  await shoot(page, 'models_web_llm_light');
  expect(foreignRequests).toEqual([]);
  await button(page).click();
  // The library's own engine takes over once the tokenizer is read. It fetches the shaders, and finds that they are not shaders.
  const alert = page.getByRole('alert').getByText(/SmolLM2 360M Instruct/);
  await alert.waitFor();
  expect(await alert.textContent()).toMatch(
    /web-llm cannot run SmolLM2 360M Instruct: .*WebAssembly.*; choose another model\./,
  );
  const model = /^huggingface\.co\/mlc-ai\/SmolLM2-360M-Instruct-q4f(16|32)_1-MLC\/resolve\/main\//;
  expect(asked.filter((url) => model.test(url)).map((url) => url.split('/').at(-1))).toEqual(
    expect.arrayContaining(['mlc-chat-config.json', 'tokenizer.json', 'tokenizer_config.json']),
  );
  expect(asked.some((url) => /^raw\.githubusercontent\.com\/mlc-ai\/.*SmolLM2-360M.*\.wasm$/.test(url))).toBe(
    true,
  );
  // Before that it requested no file of weights, and the tokenizer only once.
  expect(asked.filter((url) => url.endsWith('/tokenizer.json'))).toHaveLength(1);
  expect(asked.some((url) => url.endsWith('.bin'))).toBe(false);
  await close();
});

test('the page names a host that cannot be reached or lacks the file, and goes on', async () => {
  let answer: Answer = (_name, route) => route.abort();
  const { page, close } = await openWith((name, route) => answer(name, route));
  for (const [next, sentence] of [
    [answer, /huggingface\.co cannot be reached/],
    [(_: string, route: Route) => route.fulfill({ status: 404 }), /huggingface\.co answered 404/],
    [
      (_: string, route: Route) => json(route, { vocab_size: 'many' }),
      /mlc-chat-config\.json is not the description/,
    ],
  ] as const) {
    answer = next;
    await page.getByRole('button', { name: 'Models' }).click();
    await button(page).click();
    await page.getByRole('alert').getByText(sentence).waitFor();
  }
  await close();
});

test('without WebGPU the page does not offer web-llm, and says why', async () => {
  const { page, asked, close } = await openWith((_name, route) => route.abort(), false);
  await page.getByRole('button', { name: 'Models' }).click();
  await dialog(page).getByText('web-llm needs WebGPU, and this browser gives no adapter for it.').waitFor();
  expect(await button(page).isDisabled()).toBe(true);
  await page.keyboard.press('Escape');
  await run(page);
  expect(asked).toEqual([]);
  await close();
});

test.each([
  [
    'web-llm:smollm2-360m-instruct',
    /SmolLM2 360M Instruct on web-llm, about 2\d\d MB from huggingface\.co and raw\./,
  ],
  ['web-llm:of-tomorrow', /“of-tomorrow” on web-llm: this page has no such model in its list/],
  ['server:qwen3:8b', /the model “qwen3:8b” on a server, which it does not name; connect to one that has it/],
])('a link with %s names it and fetches nothing', async (model, sentence) => {
  const { page, foreignRequests, close } = await openPage(
    `?engine=scripted#v=1&model=${model}&prompt=Hello`,
    {
      viewport: desktop,
    },
  );
  await page.getByText(sentence).waitFor();
  expect(foreignRequests).toEqual([]);
  await close();
});

test('models that web-llm keeps are listed without loading it, and deleted one by one', async () => {
  const { page, foreignRequests, close } = await openWith((_name, route) => route.abort());
  const keep = (stem: string, shards: readonly number[]) =>
    page.evaluate(
      async ([name, kept]) => {
        const base = `https://huggingface.co/mlc-ai/${name}-MLC/resolve/main/`;
        const cache = await caches.open('webllm/model');
        const records = [0, 1].map((shard) => ({ dataPath: `params_shard_${shard}.bin`, nbytes: 4 }));
        await cache.put(`${base}tensor-cache.json`, new Response(JSON.stringify({ records })));
        for (const shard of kept) await cache.put(`${base}params_shard_${shard}.bin`, new Response('1234'));
      },
      [stem, shards] as const,
    );
  for (const [form, bits] of [
    ['SmolLM2-135M-Instruct', 'q0'],
    ['Qwen3-0.6B', 'q4'],
  ] as const) {
    const last = bits === 'q0' ? '' : '_1';
    // Both variants, because the machine's adapter decides which one is requested.
    for (const precision of ['f16', 'f32']) {
      await keep(`${form}-${bits}${precision}${last}`, form.startsWith('Smol') ? [0, 1] : [0]);
    }
  }
  await page.getByRole('button', { name: 'Models' }).click();
  const named = (name: string) => dialog(page).getByRole('button', { name });
  await named('Load SmolLM2 135M Instruct for web-llm, which is kept here').waitFor();
  expect(await named('Download Qwen3 0.6B for web-llm').textContent()).toBe('Continue from huggingface.co');
  expect(await named('Delete SmolLM2 360M Instruct of web-llm').count()).toBe(0);
  await named('Delete SmolLM2 135M Instruct of web-llm').click();
  await named('Download SmolLM2 135M Instruct for web-llm').waitFor();
  const left = await page.evaluate(async () =>
    (await (await caches.open('webllm/model')).keys()).map(({ url }) => url),
  );
  expect(left.filter((url) => url.includes('SmolLM2'))).toEqual([]);
  expect(left.filter((url) => url.includes('Qwen3'))).toHaveLength(4);
  expect(foreignRequests).toEqual([]);
  await close();
});
