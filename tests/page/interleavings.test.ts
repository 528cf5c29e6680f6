/**
 * Checks the page's invariants at rest after any sequence of actions, in any order of questions, steps of the engine, answers and
 * timers. `LOGITSCOPE_SEQUENCES` sets the number of sequences, `LOGITSCOPE_SEED` chooses others.
 */
import fc from 'fast-check';
import { flushSync } from 'svelte';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { closeSecond } from '../../src/playground/across/across_actions.ts';
import { across } from '../../src/playground/across/state.svelte.ts';
import { followLanes } from '../../src/playground/compare/follow_lanes.svelte.ts';
import { runComparison } from '../../src/playground/compare/run_comparison.ts';
import { compare } from '../../src/playground/compare/state.svelte.ts';
import { followGrammar } from '../../src/playground/grammar.svelte.ts';
import { followSelection } from '../../src/playground/inspect.svelte.ts';
import { tokenAt } from '../../src/playground/texts/text.ts';
import { makeDocument } from '../../src/playground/record/make_document.ts';
import { makeRecord } from '../../src/playground/record/make_record.ts';
import { continueBlocked, continueFrom, run } from '../../src/playground/texts/run_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { texts } from '../../src/playground/texts/store.svelte.ts';
import { ScriptedEngine } from '../../src/engines/scripted/engine.ts';
import { EngineError } from '../../src/engines/contract.ts';
import type * as Database from '../../src/playground/history/database.ts';
import { commands, kept, perform, type Command } from './commands.ts';
import { followPrompt, root } from './effects.svelte.ts';
import { fresh, notices } from './fresh.ts';
import { page } from './page.ts';

vi.mock('../../src/playground/history/database.ts', async (original) => ({
  ...(await original<typeof Database>()),
  readDocument: (entry: string) => Promise.resolve(kept.get(entry) ?? null),
}));

const sequences = Number(process.env['LOGITSCOPE_SEQUENCES'] ?? 2000);
const seed = Number(process.env['LOGITSCOPE_SEED'] ?? 11);

let endEffects = (): void => undefined;

beforeAll(async () => {
  await fresh({ maxTokens: 4 });
  await run();
  const text = { texts: playground.texts, comparison: null };
  kept.set('text', makeDocument(await makeRecord(text, 4), playground.settings, 'a text'));
  playground.takeSettings({ lanes: [{ temperature: 0.5 }, { temperature: 1 }] });
  await runComparison();
  const lanes = { texts: compare.comparison!.texts, comparison: compare.comparison };
  kept.set('lanes', makeDocument(await makeRecord(lanes, 4), playground.settings, 'lanes'));
  // As in the page, effects follow the view all the time.
  endEffects = root(() => {
    followSelection();
    followLanes();
    followGrammar();
    followPrompt();
  });
});
afterAll(() => endEffects());

/** Messages, steps and timers of one sequence. */
class Interleaving {
  /** Unanswered questions to the living worker. */
  readonly open = new Set<object>();
  /** Runs of the living worker. */
  #runs = { host: page.host, count: 0 };
  mostRuns = 0;
  #arrived: Promise<unknown> = Promise.resolve();
  readonly #hosts = new WeakMap<readonly unknown[], typeof page.host>();
  readonly #asked = new WeakMap<readonly unknown[], object>();

  constructor(private readonly scheduler: fc.Scheduler) {}

  start(): void {
    const moment = (name: string): Promise<unknown> => this.scheduler.schedule(Promise.resolve(), name);
    page.before = (name, args) => {
      const question = { name };
      const { host } = page;
      this.#asked.set(args, question);
      this.open.add(question);
      // Messages arrive in the order in which they were posted.
      const mine = this.#arrived.then(() => moment(`${name} arrives`));
      this.#arrived = mine;
      return mine.then(() => {
        if (!name.startsWith('run') || host !== page.host) return;
        this.#runs = { host, count: this.#runs.host === host ? this.#runs.count + 1 : 1 };
        this.mostRuns = Math.max(this.mostRuns, this.#runs.count);
        this.#hosts.set(args, host);
      });
    };
    page.after = (name, args) => {
      if (name.startsWith('run') && this.#hosts.get(args) === this.#runs.host) this.#runs.count--;
      return moment(`${name} is answered`).then(() => this.open.delete(this.#asked.get(args)!));
    };
    page.open = async (choice) => {
      await moment('the model is read');
      if (choice.kind === 'server') throw new EngineError('bad-file', 'This file is no model.');
      const engine = new ScriptedEngine();
      const { session } = engine;
      const [prefill, step] = [session.prefill.bind(session), session.step.bind(session)];
      session.prefill = async (tokens, options) => {
        await moment('the prompt is read');
        return prefill(tokens, options);
      };
      session.step = async (entries) => {
        await moment('a step');
        return step(entries);
      };
      return choice.kind === 'scripted'
        ? engine
        : Object.assign(engine, { model: { ...engine.model, name: 'Other' } });
    };
  }

  /** Lets one message, step or timer happen. @returns false if there was none */
  async one(timer: boolean): Promise<boolean> {
    const timers = vi.getTimerCount();
    if (timers > 0 && (timer || this.scheduler.count() === 0)) vi.advanceTimersToNextTimer();
    else if (this.scheduler.count() > 0) await this.scheduler.waitOne();
    await settled();
    return timers > 0 || this.scheduler.count() > 0;
  }

  /** Waits for an answer, and lets everything happen that it waits for. */
  async until<T>(answer: Promise<T>): Promise<T> {
    let over = false;
    const ended = (): void => void (over = true);
    answer.then(ended, ended);
    for (let i = 0; !over && i < 2000; i++) await this.one(false);
    expect(over, 'asked, and never answered').toBe(true);
    return answer;
  }

  async rest(steps: number): Promise<void> {
    for (let i = 0; i < steps && (await this.one(i % 4 === 3)); i++);
  }
}

/** Resolves when all chained promises have run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function atRest(interleaving: Interleaving, waiting: ReadonlySet<unknown>): Promise<void> {
  for (let quiet = 0, i = 0; quiet < 3 && i < 5000; i++) {
    flushSync();
    quiet = (await interleaving.one(i % 4 === 3)) ? 0 : quiet + 1;
  }
  expect([...waiting], 'pressed, and never over').toEqual([]);
}

async function check(interleaving: Interleaving): Promise<void> {
  const { engine, text, inspected, position, overlay } = playground;
  expect(playground.run.phase).toBe('idle');
  expect(engine.phase).not.toBe('loading');
  expect(interleaving.mostRuns, 'runs at once').toBeLessThanOrEqual(1);
  const texts = [...playground.texts, ...(compare.comparison?.texts ?? []), ...(across.duel?.texts ?? [])];
  expect(texts.filter(({ reason }) => reason === null)).toEqual([]);
  expect(playground.current === null).toBe(playground.texts.length === 0);
  if (inspected) {
    expect([inspected.text, inspected.position]).toEqual([text!.id, position]);
    expect(inspected.view.chosen).toBe(tokenAt(text!, position!)?.token ?? null);
  }
  if (overlay) {
    expect(overlay.text).toBe(text!.id);
    expect(overlay.rederived.tokens.length).toBe(text!.length - text!.promptLength);
    expect(overlay.params).toEqual(playground.params);
  }
  const { comparison, distributions } = compare;
  if (distributions) expect(distributions.position).toBe(compare.position);
  for (const text of notices()) {
    expect(text).not.toMatch(
      /Failed to execute|undefined|Cannot read|is not a|\[object|no longer held|before the next/,
    );
  }
  if (engine.phase !== 'ready') return;
  expect(text === null || position === 0 || inspected !== null || !canAsk(text.id), 'inspected').toBe(true);
  for (const { id, promptLength, params, length } of [...playground.texts, ...(comparison?.texts ?? [])]) {
    if (length <= promptLength || !canAsk(id)) continue;
    const view = await interleaving.until(
      page.host!.to(0).inspect({ text: id, position: promptLength }, params, { top: 1 }),
    );
    expect(view, `text ${id} is held`).not.toBeNull();
  }
}

/** Whether the loaded model wrote this text, so that its figures can be computed here. */
function canAsk(id: number): boolean {
  const text = [...playground.texts, ...(compare.comparison?.texts ?? [])].find((one) => one.id === id);
  return text !== undefined && texts.recordOf(id)?.state !== 'recorded' && continueBlocked(text) === null;
}

async function afterwards(interleaving: Interleaving): Promise<void> {
  const { text } = playground;
  if (playground.engine.phase !== 'ready' || !text || continueBlocked(text) !== null) return;
  playground.notices = [];
  const before = text.length;
  let over = false;
  void continueFrom({ text, outputs: before - text.promptLength, maxTokens: 1 }).then(() => (over = true));
  await atRest(interleaving, new Set());
  expect(over).toBe(true);
  expect(notices()).toEqual([]);
  expect(playground.text!.length).toBe(before + 1);
}

async function sequence(scheduler: fc.Scheduler, list: readonly Command[]): Promise<void> {
  page.kill('another sequence');
  void closeSecond();
  const began = fresh({ maxTokens: 3, lanes: [{ temperature: 0.5 }, { temperature: 1 }] });
  while (!(await Promise.race([began.then(() => true), settled().then(() => false)])))
    vi.runOnlyPendingTimers();
  page.open = () => Promise.resolve(new ScriptedEngine());
  const interleaving = new Interleaving(scheduler);
  interleaving.start();
  const waiting = new Set<unknown>();
  for (const command of list) {
    const done = Promise.resolve(perform(command));
    waiting.add(command);
    void done.then(() => waiting.delete(command));
    flushSync();
    await interleaving.rest(command.rest);
  }
  await atRest(interleaving, waiting);
  await check(interleaving);
  await afterwards(interleaving);
}

test(
  `the page keeps its invariants over ${sequences} sequences of actions`,
  async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await fc.assert(fc.asyncProperty(fc.scheduler(), commands, sequence), {
        numRuns: sequences,
        seed,
        endOnFailure: process.env['LOGITSCOPE_SHRINK'] === undefined,
      });
    } finally {
      vi.useRealTimers();
    }
  },
  Math.max(240_000, sequences * 120),
);
