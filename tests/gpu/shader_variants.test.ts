import { expect, test } from 'vitest';
import { openDevice } from '../../src/engines/webgpu/gpu/device.ts';
import { type PipelineRequest, Pipelines } from '../../src/engines/webgpu/gpu/pipelines.ts';
import { linkShader } from '../../src/engines/webgpu/gpu/shaders.ts';
import { describeOnEachAdapter, isBrief } from '../setup/devices.ts';
import { requestEverything } from './every_variant.ts';

/** How many modules to compile at once. On some adapters Dawn answers only at its next tick. */
const AT_A_TIME = 64;

describeOnEachAdapter('every shader variant that the engine can ask for', (adapter) => {
  const { gpu } = adapter;
  test('links and compiles without a message', async () => {
    const { device, ...opened } = await openDevice(gpu);
    const requests = [...(await requestEverything(device, opened))];
    // Fewer would mean that the list has lost a dimension, not the engine.
    expect(requests.length).toBeGreaterThan(1200);

    const messages: string[] = [];
    const compile = async ([key, request]: readonly [string, PipelineRequest]) => {
      const code = await linkShader(request);
      device.pushErrorScope('validation');
      const module = device.createShaderModule({ label: key, code });
      const [error, { messages: said }] = await Promise.all([
        device.popErrorScope(),
        module.getCompilationInfo(),
      ]);
      // wgpu refuses without a message.
      if (error) messages.push(`${key}: ${error.message}`);
      for (const { type, message, lineNum } of said)
        messages.push(`${key}, line ${lineNum}: ${type}: ${message}`);
    };
    for (let i = 0; i < requests.length; i += AT_A_TIME)
      await Promise.all(requests.slice(i, i + AT_A_TIME).map(compile));
    expect(messages).toEqual([]);
    device.destroy();
  });

  test('becomes a pipeline: a few variants cover every condition and format of every shader', async () => {
    const { device, ...opened } = await openDevice(gpu);
    const requests = [...(await requestEverything(device, opened)).values()];
    // Some take seconds, so slow adapters make one of each shader. The tests of kernels make others.
    const chosen = coverage(requests, ({ conditions, block = '' }) =>
      isBrief(adapter) ? [] : [...conditions, block],
    );
    expect(new Set(chosen.map(({ shader }) => shader)).size).toBe(
      new Set(requests.map((r) => r.shader)).size,
    );
    const pipelines = new Pipelines(device);
    await Promise.all(chosen.map((request) => pipelines.get(request)));
    device.destroy();
  });
});

/** A selection of `requests` in which each trait of each shader occurs, those with the most traits first. */
function coverage(
  requests: readonly PipelineRequest[],
  traits: (request: PipelineRequest) => readonly string[],
): PipelineRequest[] {
  const met = new Set<string>();
  const byTraits = [...requests].sort((a, b) => traits(b).length - traits(a).length);
  return byTraits.filter((request) => {
    const own = ['', ...traits(request)].map((trait) => `${request.shader} ${trait}`);
    const adds = own.some((trait) => !met.has(trait));
    for (const trait of own) met.add(trait);
    return adds;
  });
}
