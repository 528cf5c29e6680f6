/** Loads another model, and the first one again. */
import { beforeEach, expect, test } from 'vitest';
import { carryOn, stepOnce } from '../../src/playground/branch_actions.ts';
import { measureAlone, runComparison } from '../../src/playground/compare/run_comparison.ts';
import { compare } from '../../src/playground/compare/state.svelte.ts';
import { openModel, openScripted } from '../../src/playground/engine_actions.ts';
import { continueBlocked, run } from '../../src/playground/texts/run_actions.ts';
import { changeSettings } from '../../src/playground/settings_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { EngineError } from '../../src/engines/contract.ts';
import { ScriptedEngine } from '../../src/engines/scripted/engine.ts';
import type { ModelChoice } from '../../src/worker/api/models_api.ts';
import { fresh, notices, outputs } from './fresh.ts';
import { page } from './page.ts';

beforeEach(() => fresh({ maxTokens: 5 }));

const other: ModelChoice = { kind: 'web-llm', id: 'other' };

/** Opens the scripted engine, also under another name; any other choice fails. */
const openNamed: typeof page.open = (choice) => {
  if (choice.kind === 'scripted') return Promise.resolve(new ScriptedEngine());
  if (choice.kind === 'web-llm') {
    const engine = new ScriptedEngine();
    return Promise.resolve(Object.assign(engine, { model: { ...engine.model, name: 'Other' } }));
  }
  return Promise.reject(new EngineError('bad-file', 'This file is no model.'));
};

test('a text can be continued when its model is loaded again', async () => {
  page.open = openNamed;
  await run();
  const text = playground.text!;
  await openModel(other, 'Other');
  expect(continueBlocked(text)).toBe(`${text.model!.name} wrote this text; load that model to continue it.`);
  await openScripted();
  expect(continueBlocked(text)).toBeNull();
  await stepOnce();
  expect(notices()).toEqual([]);
  expect(outputs()).toBe(6);
});

test('refuses to continue a text of another model', async () => {
  page.open = openNamed;
  await run();
  await openModel(other, 'Other');
  const before = playground.text;
  await carryOn();
  expect(playground.text).toBe(before);
  expect(notices()).toEqual([continueBlocked(before!)]);
});

test('when a model cannot be loaded, the one before it comes back and can continue its texts', async () => {
  page.open = openNamed;
  await run();
  changeSettings({ model: 'file' });
  expect(await openModel({ kind: 'server', baseUrl: '', model: '', key: '' }, 'a file')).toBe(false);
  expect(playground.engine.phase).toBe('ready');
  expect(playground.settings.model).toBe('scripted');
  expect(notices()).toEqual(['This file is no model.']);
  await stepOnce();
  expect(outputs()).toBe(6);
  // The next load removes the notice of the failure.
  await openModel(other, 'Other');
  expect(notices()).toEqual([]);
});

test('measures lanes one after another with the parameters of their run, and only on their model', async () => {
  page.open = openNamed;
  changeSettings({ maxTokens: 30, lanes: [{ temperature: 0.5 }, { temperature: 1 }] });
  await runComparison();
  changeSettings({ stop: ['a'], maxTokens: 3 });
  await measureAlone();
  expect(compare.comparison!.alone!.different).toEqual([]);
  const before = compare.comparison;
  await openModel(other, 'Other');
  await measureAlone();
  expect(compare.comparison).toBe(before);
  expect(notices()[0]).toMatch(/wrote these lanes/);
});
