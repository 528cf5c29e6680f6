import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

/** The embedded model is kept with the page; anything larger is loaded on purpose and kept elsewhere. */
const largestKeptFile = 32 * 1024 * 1024;

/**
 * What the built page may do. No script but its own, none inline, no eval but WebAssembly's; connections to servers that the
 * person names. `frame-ancestors` works only as a header (docs/hosting.md).
 */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  // llama.cpp in WebAssembly starts its worker from a script of the page's own that has no address; such a worker is under
  // this same policy.
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  "connect-src 'self' https: http: blob:",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The engines that few visitors choose: megabytes, fetched when they are chosen and kept from then on. */
const optionalEngine =
  /[\\/](?:@wllama|@mlc-ai[\\/]web-llm|engines[\\/](?:wllama|web-llm)[\\/]engine\.ts)(?:[\\/]|$)/;

const optional = 'assets/optional/[name]-[hash][extname]';
const optionalScript = 'assets/optional/[name]-[hash].js';

/** The dev server needs inline styles and a socket of its own, and goes without. */
function contentSecurityPolicy(): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: policy },
        injectTo: 'head-prepend',
      },
    ],
  };
}

/** `0.1.0+a9f74281`, for certificates; without the commit where there is no repository. */
function buildId(): string {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${version}+${git('rev-parse', '--short=8', 'HEAD')}${changed ? '.changed' : ''}`;
  } catch {
    return version;
  }
}

export default defineConfig({
  base: './',
  define: { __BUILD_ID__: JSON.stringify(buildId()) },
  publicDir: 'static',
  plugins: [
    svelte(),
    contentSecurityPolicy(),
    VitePWA({
      // A new version waits until the person takes it: src/playground/offline.ts.
      registerType: 'prompt',
      injectRegister: null,
      manifest: {
        name: 'Logitscope',
        short_name: 'Logitscope',
        description: 'See how a language model picks its next word, on your own GPU.',
        // Relative to the manifest, so that the page may lie under any path.
        id: './',
        start_url: './',
        scope: './',
        display: 'standalone',
        background_color: '#f6f6f4',
        theme_color: '#f6f6f4',
        icons: [
          { src: 'icon.svg', sizes: 'any', type: 'image/svg+xml' },
          { src: 'icon-192.png', sizes: '192x192', type: 'image/png' },
          { src: 'icon-512.png', sizes: '512x512', type: 'image/png' },
        ],
      },
      workbox: {
        globPatterns: ['**/*.{html,js,css,svg,png,json,gguf,wasm}'],
        // What a page of its own fetches when it is asked to is not kept beforehand.
        globIgnores: ['assets/optional/**', 'conformance/**'],
        runtimeCaching: [
          {
            // Their names hold a hash: what was kept under a name is right for ever.
            urlPattern: ({ url, sameOrigin }) => sameOrigin && url.pathname.includes('/assets/optional/'),
            handler: 'CacheFirst',
            options: { cacheName: 'optional-engines', expiration: { maxEntries: 8 } },
          },
        ],
        maximumFileSizeToCacheInBytes: largestKeptFile,
        // The page is one document; its query and fragment are its own business.
        navigateFallback: 'index.html',
        ignoreURLParametersMatching: [/.*/],
        cleanupOutdatedCaches: true,
        sourcemap: false,
      },
    }),
  ],
  // Their loaders find WebAssembly beside themselves, which the dev server's bundling would move away.
  optimizeDeps: { exclude: ['@wllama/wllama', '@mlc-ai/web-llm'] },
  worker: {
    format: 'es',
    rolldownOptions: {
      output: {
        chunkFileNames: ({ moduleIds }) =>
          moduleIds.some((id) => optionalEngine.test(id)) ? optionalScript : 'assets/[name]-[hash].js',
        assetFileNames: ({ originalFileNames }) =>
          originalFileNames.some((name) => optionalEngine.test(name))
            ? optional
            : 'assets/[name]-[hash][extname]',
      },
    },
  },
  build: {
    target: 'es2023',
    sourcemap: true,
    // Every browser with WebGPU preloads modules by itself.
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // What the page loads at its start is one file, which compresses better than a dozen.
      output: { codeSplitting: { groups: [{ name: 'start', tags: ['$initial'] }] } },
    },
  },
});
