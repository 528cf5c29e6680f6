import { expect, it } from 'vitest';
import { whatIsMissing } from '../../../src/engines/webgpu/browser/missing_webgpu.ts';

const LINUX_CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const WINDOWS_EDGE =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/110.0.0.0 Safari/537.36 Edg/110.0.0.0';
const ANDROID =
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Mobile Safari/537.36';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const SAFARI =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15';

const nothing = { secure: true, gpu: false, adapter: false };

it.each([
  ['Chrome on Linux', LINUX_CHROME, nothing, /chrome:\/\/flags\/#enable-unsafe-webgpu/],
  ['Edge on Windows', WINDOWS_EDGE, nothing, /from version 113/],
  ['Chrome on Android', ANDROID, nothing, /on Android from 121/],
  ['Firefox', FIREFOX, nothing, /about:config/],
  ['Safari', SAFARI, nothing, /Safari 26/],
  ['something else', 'curl/8', nothing, /Chrome or Edge 127, Safari 26 and Firefox 141/],
  ['a page over http', LINUX_CHROME, { ...nothing, secure: false }, /https or from localhost/],
  ['no adapter on Linux', LINUX_CHROME, { ...nothing, gpu: true }, /no graphics adapter.*enable-vulkan/],
  ['no adapter elsewhere', WINDOWS_EDGE, { ...nothing, gpu: true }, /update the graphics driver\.$/],
])('%s gets one sentence about what is missing', (_, userAgent, facts, sentence) => {
  const said = whatIsMissing({ ...facts, userAgent });
  expect(said).toMatch(sentence);
  expect(said!.match(/\.(\s|$)/g)).toHaveLength(1);
});

it('nothing is missing where there is an adapter', () => {
  expect(whatIsMissing({ secure: true, gpu: true, adapter: true, userAgent: LINUX_CHROME })).toBeNull();
});
