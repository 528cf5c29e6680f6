import { EngineError } from '../contract.ts';

/**
 * Converts an error of web-llm to one sentence for the page. The library throws classes that it does not export, and plain errors
 * from its runtime: only names and messages tell them apart (lib/error.d.ts, and tvmjs in lib/index.js).
 * @param model its name on the page
 */
export function webLlmError(cause: unknown, model: string): EngineError {
  if (cause instanceof EngineError) return cause;
  const name = cause instanceof Error ? cause.name : '';
  const message = cause instanceof Error ? cause.message : String(cause);
  const is = (...names: readonly string[]): boolean => names.includes(name);
  const make = (code: EngineError['code'], sentence: string): EngineError =>
    new EngineError(code, sentence, { cause });
  if (is('AbortError')) return make('aborted', `Loading ${model} was stopped.`);
  if (
    is('WebGPUNotAvailableError', 'WebGPUNotFoundError') ||
    /no .*webgpu|cannot find webgpu/i.test(message)
  ) {
    return make(
      'no-adapter',
      `web-llm finds no WebGPU here, which ${model} needs; choose a model on the CPU.`,
    );
  }
  if (is('ShaderF16SupportError', 'FeatureSupportError') || /shader-f16/i.test(message)) {
    return make(
      'missing-limit',
      `This form of ${model} computes in half precision, and the graphics adapter has no shader-f16; choose another model.`,
    );
  }
  if (/maxStorageBuffersPerShaderStage/.test(message)) {
    return make(
      'missing-limit',
      `web-llm needs 10 storage buffers in one shader, and this graphics adapter gives fewer; run ${model} with this page’s own engine.`,
    );
  }
  if (/exceeds? (the )?limit|maxBufferSize|maxStorageBufferBindingSize|maxComputeWorkgroup/i.test(message)) {
    return make(
      'missing-limit',
      `${model} is beyond what this graphics adapter allows: ${oneLine(message)}.`,
    );
  }
  if (is('DeviceLostError') || /device (was |is )?lost|object has already been disposed/i.test(message)) {
    return make(
      'device-lost',
      `The GPU was lost with ${model}, most likely because memory ran out; load it again, or choose a smaller model.`,
    );
  }
  if (/out of memory|allocation/i.test(message)) {
    return make('out-of-memory', `There is not enough memory for ${model}; choose a smaller one.`);
  }
  if (is('QuotaExceededError') || /quota/i.test(message)) {
    return make(
      'storage-full',
      `This browser has no room to keep ${model}, as in a private window; make room or open an ordinary one.`,
    );
  }
  if (is('ContextWindowSizeExceededError')) {
    return make('context-full', `The text is longer than the context of ${model}; shorten it.`);
  }
  if (is('NetworkError') || /fetch|network|cache\.add|status|load failed/i.test(message)) {
    return make('network', `${model} could not be fetched (${oneLine(message)}); try again.`);
  }
  return make('not-supported', `web-llm cannot run ${model}: ${oneLine(message)}; choose another model.`);
}

function oneLine(message: string): string {
  return message
    .split('\n')[0]!
    .replace(/[.\s]+$/, '')
    .slice(0, 200);
}
