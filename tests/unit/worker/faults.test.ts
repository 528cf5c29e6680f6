/**
 * A fault at any call to the engine, in any action of the worker, gives a typed error with a sentence. No sequence stays
 * open, no task keeps a turn, and the next action works.
 */
import { expect, test } from 'vitest';
import { matchPattern } from '../../../scripts/headless/match_pattern.ts';
import type { RunResult } from '../../../src/decoding/events.ts';
import { EngineError } from '../../../src/engines/contract.ts';
import type { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import type { TextEvent, RunRequest } from '../../../src/worker/api/worker_api.ts';
import { WorkerHost } from '../../../src/worker/host.ts';
import { Caller, answerCalls } from '../../../src/worker/api/transport.ts';
import type { WorkerApi } from '../../../src/worker/api/worker_api.ts';
import { type Fault, FaultPlan, faults, faultyEngine } from './faulty_engine.ts';

const params = { ...defaultParams(), temperature: 1.2 };
const stop = { maxTokens: 3, sequences: [] };

interface Stage {
  readonly host: WorkerApi;
  readonly second: WorkerApi;
  readonly plan: FaultPlan;
  readonly engines: ScriptedEngine[];
  readonly prompt: readonly number[];
  readonly close: () => void;
}

/** A page that asks over a port, as in the browser, and an engine with a fault. */
async function stage(plan: FaultPlan): Promise<Stage> {
  const engines: ScriptedEngine[] = [];
  const host = new WorkerHost(
    (_, { signal }) =>
      plan.call('open', signal, () => {
        const engine = faultyEngine(plan);
        engines.push(engine);
        return Promise.resolve(engine);
      }),
    matchPattern,
  );
  const { port1, port2 } = new MessageChannel();
  answerCalls(port2, host);
  const caller = new Caller<WorkerApi>(port1);
  const api = caller.to(0);
  plan.onHang = () => {
    void api.stop();
    void api.pauseLoading();
  };
  const { tokenizer } = faultyEngine(new FaultPlan(-1, 'typed'));
  const prompt = tokenizer.encode('Once upon a time', { addSpecial: true });
  return { host: api, second: caller.to(1), plan, engines, prompt, close: () => port1.close() };
}

/** The events of the present action. */
const ran: TextEvent[] = [];
const onEvents = (batch: readonly TextEvent[]): void => void ran.push(...batch);

type Action = (stage: Stage) => Promise<unknown>;

const lane = (text: number, change = {}) => ({ text, params: { ...params, ...change }, stream: 0 });
const run =
  (change: Partial<RunRequest>, bySecond = false): Action =>
  ({ host, second, prompt }) => {
    const request: RunRequest = { prompt, lanes: [lane(1)], strategy: { kind: 'sample' }, stop, ...change };
    return (bySecond ? second : host).run(request, onEvents);
  };
const load: Action = ({ host }) => host.load({ kind: 'scripted' }, () => undefined);
/** The second text is continued before any chart asks for it, so the logits of its steps are not known. */
const adopt: Action = async ({ host, prompt }) => {
  const held = { promptLength: prompt.length, stream: 0 };
  await host.adopt(90, { tokens: [...prompt, 300, 301, 302, 303], ...held });
  await host.adopt(91, { tokens: [...prompt, 304, 305, 306], ...held });
};
const place = ({ prompt }: Stage) => ({ text: 90, position: prompt.length + 2 });

/** A person's actions, in an order in which each has what it needs if all goes well. */
const actions: readonly (readonly [string, Action])[] = [
  ['load', load],
  ['hold a text', adopt],
  ['re-derive', ({ host }) => host.rederive(90, params)],
  ['inspect', ({ host }) => host.inspect({ text: 90, position: 2 }, params, { top: 5 })],
  ['score', (at) => at.host.score(place(at), params, ' little fox')],
  ['run three lanes', run({ lanes: [lane(1), lane(2, { seed: 2 }), lane(3, { seed: 3 })] })],
  ['beams', run({ strategy: { kind: 'beam', width: 3, lengthPenalty: 1 }, branches: 20 })],
  [
    'best of N',
    run({
      strategy: {
        kind: 'best-of-n',
        n: 3,
        score: { kind: 'verifier', verifier: { kind: 'regex', pattern: 'a' } },
      },
      branches: 40,
    }),
  ],
  [
    'branch',
    run({ prompt: [], from: { text: 91, outputs: 2, token: 310 }, lanes: [lane(5, { mirostat: 2 })] }),
  ],
  [
    'lanes that go on',
    run({ prompt: [], from: { text: 90, outputs: 3 }, lanes: [lane(6), lane(7, { mirostat: 2 })] }),
  ],
  ['replay', ({ host }) => host.replay({ text: 90, parts: [{ from: 0, params }], depth: 4, stepwise: true })],
  ['evidence', ({ host }) => host.evidence(90, params, 5)],
  ['load a second', ({ second }) => second.load({ kind: 'scripted' }, () => undefined)],
  ['run the second', run({ lanes: [lane(60)] }, true)],
  ['distances', ({ host }) => host.distances(90)],
];

/** Checks that no event belongs to a text that has not begun. */
function checkEvents(where: string): void {
  const begun = new Set([1, 2, 3, 5, 6, 7, 60]);
  for (const event of ran.splice(0)) {
    if (event.type === 'branch') begun.add(event.text);
    else if ('text' in event) expect(begun, where).toContain(event.text);
  }
}

/** The message about a fault; null if the action went well. */
function said(outcome: PromiseSettledResult<unknown>): { code: string | null; message: string } | null {
  if (outcome.status === 'fulfilled') return (outcome.value as RunResult | null | undefined)?.error ?? null;
  const { reason } = outcome;
  return { code: reason instanceof EngineError ? reason.code : null, message: (reason as Error).message };
}

async function play(plan: FaultPlan): Promise<string | null> {
  const at = await stage(plan);
  let hit: string | null = null;
  for (const [name, action] of actions) {
    const before = plan.met;
    const [outcome] = await Promise.allSettled([action(at)]);
    const where = `${name}, call ${plan.at} (${plan.met}), ${plan.fault}`;
    checkEvents(where);
    if (before === plan.met) {
      // Without a first or second model later actions say so; nothing else may go wrong.
      const message = said(outcome!)?.message ?? null;
      if (message !== null) expect(message, where).toMatch(/No (second )?model is loaded/);
    } else {
      hit = name;
      const fault = said(outcome!);
      // A stopped run has not failed, and a chart that cannot be drawn now is drawn later.
      if (fault === null) {
        expect(plan.fault, where).toBe('hang');
      } else if (plan.fault === 'hang' && fault.code === 'aborted') {
        expect(fault.message, where).toMatch(/stopped/);
        // A stopped run gives the tokens so far.
        expect(name, where).toMatch(/load|replay|distances/);
      } else if (plan.fault === 'untyped') {
        expect(fault.message, where).toMatch(/^[A-Z].*undefined is not an object.*[.]$/);
        expect(fault.message.length, where).toBeGreaterThan(40);
      } else {
        expect(fault, where).toEqual({
          code: 'device-lost',
          message: 'The GPU was lost; load the model again.',
        });
      }
    }
    for (const engine of at.engines) expect(engine.session.usage.pagesUsed, where).toBe(0);
    if (before === plan.met) continue;
    // The same action works the second time.
    const again = await action(at);
    checkEvents(where);
    expect((again as RunResult | null | undefined)?.error ?? null, where).toBeNull();
    for (const engine of at.engines) expect(engine.session.usage.pagesUsed, where).toBe(0);
    break;
  }
  at.close();
  return hit;
}

test('without a fault every question is answered', async () => {
  const plan = new FaultPlan(-1, 'typed');
  expect(await play(plan)).toBeNull();
  expect(plan.calls).toBeGreaterThan(30);
});

test.each(faults)('a fault of the kind “%s” at every call', async (fault: Fault) => {
  const hits = new Map<string, number>();
  for (let at = 0; ; at++) {
    const plan = new FaultPlan(at, fault);
    const hit = await play(plan);
    if (plan.met === null) break;
    expect(hit, `call ${at} (${plan.met})`).not.toBeNull();
    hits.set(hit!, (hits.get(hit!) ?? 0) + 1);
  }
  const reached = actions.map(([name]) => name).filter((name) => name !== 'hold a text');
  expect([...hits.keys()].sort()).toEqual(reached.filter((name) => name !== 'evidence').sort());
});
