/** Explains why a browser has no WebGPU, and what its user can do about it. */

export interface BrowserFacts {
  /** https or localhost: browsers offer WebGPU to no other pages. */
  readonly secure: boolean;
  /** Whether `navigator.gpu` exists. */
  readonly gpu: boolean;
  readonly adapter: boolean;
  readonly userAgent: string;
}

/** Asks this browser. @returns one sentence, or null if it has a WebGPU adapter */
export async function missingWebGpu(): Promise<string | null> {
  const { gpu, userAgent } = navigator;
  let adapter = false;
  try {
    adapter = Boolean(await (gpu as GPU | undefined)?.requestAdapter());
  } catch {
    // A policy of the machine blocks it: we treat that as no adapter.
  }
  return whatIsMissing({ secure: isSecureContext, gpu: Boolean(gpu), adapter, userAgent });
}

/** @returns one sentence for the page, or null where nothing is missing */
export function whatIsMissing({ secure, gpu, adapter, userAgent }: BrowserFacts): string | null {
  if (adapter) return null;
  if (gpu) {
    return `WebGPU is here but finds no graphics adapter: turn on hardware acceleration in the browser’s settings or update the graphics driver${
      /Linux/.test(userAgent) && isChromium(userAgent)
        ? ', and on Linux turn on chrome://flags/#enable-vulkan and #enable-unsafe-webgpu'
        : ''
    }.`;
  }
  if (!secure) return 'Browsers give WebGPU only to pages that came over https or from localhost.';
  if (/Firefox\//.test(userAgent)) {
    return 'This Firefox has no WebGPU: version 141 brings it to Windows and 145 to Macs; elsewhere set dom.webgpu.enabled to true in about:config.';
  }
  if (isChromium(userAgent)) {
    return /Linux/.test(userAgent) && !/Android/.test(userAgent)
      ? 'This browser has no WebGPU: on Linux turn on chrome://flags/#enable-unsafe-webgpu and #enable-vulkan, in Chrome or Edge 127 or later.'
      : 'This browser has no WebGPU: Chrome and Edge have it from version 113, on Android from 121.';
  }
  if (/Safari\//.test(userAgent)) {
    return 'This Safari has no WebGPU: Safari 26 has it on macOS, iOS and iPadOS; before that, turn on WebGPU under Feature Flags in its settings.';
  }
  return 'This browser has no WebGPU: Chrome or Edge 127, Safari 26 and Firefox 141, or later ones, have it.';
}

function isChromium(userAgent: string): boolean {
  return /Chrom(e|ium)\/|Edg\//.test(userAgent);
}
