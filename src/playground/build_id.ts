/** The version of the page that runs, with the commit that it was built from: `0.1.0+a9f74281`. `vite.config.ts` writes it. */
declare const __BUILD_ID__: string | undefined;

export const buildId = typeof __BUILD_ID__ === 'string' ? __BUILD_ID__ : 'not built';
