/**
 * WebGPU in Node: Dawn over the machine's Vulkan drivers, to which we add Chromium's SwiftShader.
 * On macOS and Windows Dawn finds the system's own GPU, and none of this matters.
 */
import { tmpdir } from 'node:os';
import { create, globals } from 'webgpu';
import { findSwiftShader } from './paths.ts';

// `GPUBufferUsage` and the like are globals in a browser, and the engine expects them.
Object.assign(globalThis, globals);

/** `hardware` is whatever Dawn prefers, if that is not a CPU. */
export type AdapterName = 'hardware' | 'llvmpipe' | 'swiftshader';

export interface OpenAdapter {
  readonly name: AdapterName;
  /** Gives only this adapter. Request a fresh adapter for each device: one adapter makes one device. */
  readonly gpu: GPU;
  /** For its features, limits and info. */
  readonly adapter: GPUAdapter;
}

/** A part of the device name that each software driver reports. */
const DEVICE_NAME = { llvmpipe: 'llvmpipe', swiftshader: 'SwiftShader' } as const;

/** Quickest first. */
const ADAPTER_NAMES: readonly AdapterName[] = ['hardware', 'llvmpipe', 'swiftshader'];

/** Kept until the process ends: a device must not outlive the Dawn instance that it came from. */
const opened = new Map<AdapterName, OpenAdapter | null>();

/** Adds Chromium's driver to the environment, which the Vulkan loader reads when Dawn first calls it. */
function addSwiftShader(): void {
  process.env['XDG_RUNTIME_DIR'] ??= tmpdir();
  const driver = findSwiftShader();
  if (driver === null || process.platform !== 'linux') return;
  const others = (process.env['VK_ADD_DRIVER_FILES'] ?? '')
    .split(':')
    .filter((path) => path !== '' && path !== driver);
  process.env['VK_ADD_DRIVER_FILES'] = [...others, driver].join(':');
}

async function tryAdapter(name: AdapterName): Promise<OpenAdapter | null> {
  addSwiftShader();
  try {
    const gpu = create(name === 'hardware' ? [] : [`adapter=${DEVICE_NAME[name]}`]);
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter === null || (name === 'hardware' && adapter.info.isFallbackAdapter)) return null;
    return { name, gpu, adapter };
  } catch {
    // If no adapter has this name, Dawn throws with a list of those that exist.
    return null;
  }
}

/** @returns the adapter of this name, or null if the machine has none; the same object on every call */
export async function openAdapter(name: AdapterName): Promise<OpenAdapter | null> {
  const known = opened.get(name);
  if (known !== undefined) return known;
  const found = await tryAdapter(name);
  // A missing adapter is not remembered: the set-up installs drivers and tries again.
  if (found !== null) opened.set(name, found);
  return found;
}

/** @returns every adapter of this machine, quickest first */
export async function openAdapters(): Promise<OpenAdapter[]> {
  const all: OpenAdapter[] = [];
  for (const name of ADAPTER_NAMES) {
    const found = await openAdapter(name);
    if (found !== null) all.push(found);
  }
  return all;
}

/** @returns the quickest adapter of this machine, or the one that `LOGITSCOPE_ADAPTER` names, or null */
export async function openBestAdapter(
  wanted = process.env['LOGITSCOPE_ADAPTER'],
): Promise<OpenAdapter | null> {
  for (const name of ADAPTER_NAMES) {
    if (wanted !== undefined && wanted !== name) continue;
    const found = await openAdapter(name);
    if (found !== null) return found;
  }
  return null;
}
