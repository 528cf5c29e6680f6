/** A real device with a fault: it changes the engine's shaders before they reach the driver. */

/** @param edit changes the WGSL text of a module, given the label of its variant @returns an argument for an engine's `onDevice` */
export function faultyDevice(
  edit: (code: string, label: string) => string,
): (device: GPUDevice) => GPUDevice {
  return (device) => {
    const original = device.createShaderModule.bind(device);
    const createShaderModule = (descriptor: GPUShaderModuleDescriptor) =>
      original({ ...descriptor, code: edit(descriptor.code, descriptor.label ?? '') });
    Object.defineProperty(device, 'createShaderModule', { value: createShaderModule, configurable: true });
    return device;
  };
}

/** Acts like a driver that flushes subnormal halves to zero. */
export function flushHalves(code: string): string {
  if (!code.includes('unpack2x16float(')) return code;
  return `${code.replaceAll('unpack2x16float(', 'flushed(')}
fn flushed(word: u32) -> vec2f {
  let halves = unpack2x16float(word);
  return select(halves, vec2f(), abs(halves) < vec2f(0x1p-14f));
}`;
}

/** @throws Error if the text is not found, because a fault without effect would test nothing */
export function replaced(code: string, from: string, to: string): string {
  if (!code.includes(from)) throw new Error(`the shader has no “${from}”`);
  return code.replaceAll(from, to);
}
