import { EngineError } from '../../contract.ts';
import { DeviceWatch } from './device_watch.ts';
import { measureWaiting, type Waiting } from './waiting.ts';

/** Optional features that shaders have variants for. */
export type Feature = 'shader-f16' | 'subgroups' | 'timestamp-query';

export interface OpenDevice {
  readonly device: GPUDevice;
  /** One line for the page: vendor, architecture, description. */
  readonly adapter: string;
  /** The CPU emulates the GPU: barriers are expensive, and timings say nothing about a GPU. */
  readonly software: boolean;
  readonly features: ReadonlySet<Feature>;
  /** Invocations per subgroup if that is one number known in advance; 0 if it varies or there are no subgroups. */
  readonly subgroupSize: number;
  /** How to wait for work of this device. */
  readonly waiting: Waiting;
  readonly watch: DeviceWatch;
}

export interface DeviceOptions {
  /** Features to ignore even if the adapter has them; tests use it for the variants without them. */
  readonly without?: readonly Feature[];
  /** Request only WebGPU's default limits; for tests. */
  readonly defaultLimits?: boolean;
  /** The new device replaces one that was lost. */
  readonly afterLoss?: boolean;
  /** Wraps the device, to count what the engine does with it. */
  readonly onDevice?: (device: GPUDevice) => GPUDevice;
}

/** GPUs that lost a device before. If such a GPU offers no adapter, the settings are not the cause. */
const UNRELIABLE = new WeakSet<GPU>();

const WANTED: readonly Feature[] = ['shader-f16', 'subgroups', 'timestamp-query'];

/** Adapters of these drivers run on the CPU even if `isFallbackAdapter` does not say so. */
const SOFTWARE = /llvmpipe|swiftshader|lavapipe|basic render|warp\b/i;

/**
 * Opens the device with the adapter's largest buffers and bindings, since weights need them.
 * @throws EngineError `no-webgpu`, `no-adapter`
 */
export async function openDevice(gpu: GPU | undefined, options: DeviceOptions = {}): Promise<OpenDevice> {
  if (!gpu) {
    throw new EngineError(
      'no-webgpu',
      'This browser has no WebGPU; please use Chrome or Edge 127, Safari 26 or Firefox 141, or later, over https or localhost.',
    );
  }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter && (options.afterLoss || UNRELIABLE.has(gpu))) {
    throw new EngineError(
      'no-adapter',
      'The graphics device was lost, and this browser offers no other; please restart the browser, or choose the CPU engine.',
    );
  }
  if (!adapter) {
    throw new EngineError(
      'no-adapter',
      'WebGPU is here but offers no graphics adapter; please turn on hardware acceleration in the browser’s settings or update the graphics driver.',
    );
  }
  const left = new Set<string>(options.without);
  const features = WANTED.filter((feature) => adapter.features.has(feature) && !left.has(feature));
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const bare = await requestDevice(adapter, {
    label: 'logitscope',
    requiredFeatures: features as GPUFeatureName[],
    requiredLimits: options.defaultLimits ? {} : { maxBufferSize, maxStorageBufferBindingSize },
  });
  const { vendor, architecture, description, device: name } = adapter.info;
  const { subgroupMinSize, subgroupMaxSize } = adapter.info;
  const fixed = features.includes('subgroups') && subgroupMinSize === subgroupMaxSize;
  const words = [vendor, architecture, description || name].filter(Boolean).join(' ');
  void bare.lost.then(({ reason }) => {
    if (reason !== 'destroyed') UNRELIABLE.add(gpu);
  });
  const device = options.onDevice?.(bare) ?? bare;
  const watch = new DeviceWatch(device);
  return {
    device,
    adapter: words || 'unnamed adapter',
    software: SOFTWARE.test(words) || adapter.info.isFallbackAdapter === true,
    features: new Set(features),
    subgroupSize: fixed ? (subgroupMinSize ?? 0) : 0,
    waiting: await measureWaiting(device),
    watch,
  };
}

async function requestDevice(adapter: GPUAdapter, descriptor: GPUDeviceDescriptor): Promise<GPUDevice> {
  try {
    return await adapter.requestDevice(descriptor);
  } catch (error) {
    throw new EngineError(
      'no-adapter',
      `The graphics adapter gave no device (${error instanceof Error ? error.message : String(error)}); please reload the page.`,
      { cause: error },
    );
  }
}
