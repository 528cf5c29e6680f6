/** A real device with a fault: what the engine gives it as a shader is another one when it reaches the driver. */

/** @param edit the WGSL text of a module, with the label of its variant @returns what `onDevice` of an engine takes */
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

/** As a driver that flushes subnormal halves to zero. */
export function flushHalves(code: string): string {
  if (!code.includes('unpack2x16float(')) return code;
  return `${code.replaceAll('unpack2x16float(', 'flushed(')}
fn flushed(word: u32) -> vec2f {
  let halves = unpack2x16float(word);
  return select(halves, vec2f(), abs(halves) < vec2f(0x1p-14f));
}`;
}

/** @throws Error where the text is not there: a fault that does nothing shows nothing */
export function replaced(code: string, from: string, to: string): string {
  if (!code.includes(from)) throw new Error(`the shader has no “${from}”`);
  return code.replaceAll(from, to);
}
