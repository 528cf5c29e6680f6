/** A person's actions on the page, in the order and at the times that fast-check chooses. */
import fc from 'fast-check';
import { closeSecond, openSecond, runAcross } from '../../src/playground/across/across_actions.ts';
import { branchWith, carryOn, deleteText, stepOnce } from '../../src/playground/branch_actions.ts';
import { openInPlayground, selectPlace } from '../../src/playground/compare/lane_actions.ts';
import { measureAlone, runComparison } from '../../src/playground/compare/run_comparison.ts';
import { openModel, openScripted } from '../../src/playground/engine_actions.ts';
import { openEntry } from '../../src/playground/history/keeping.svelte.ts';
import { openLink } from '../../src/playground/link/open_link.ts';
import { readFragment, writeFragment } from '../../src/playground/link/fragment.ts';
import { openRecord } from '../../src/playground/record/open_record.ts';
import type { RunDocument } from '../../src/playground/record/document.ts';
import { run, stop } from '../../src/playground/texts/run_actions.ts';
import { hover, select, showText } from '../../src/playground/selection_actions.ts';
import { changeSettings, setGrammar, setNumber } from '../../src/playground/settings_actions.ts';
import { defaultSettings } from '../../src/playground/settings.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { page } from './page.ts';

export interface Command {
  readonly name: string;
  /** Selects the text, place or value of the action, if there is a choice. */
  readonly choice: number;
  /** How many messages and timers happen before the next action. */
  readonly rest: number;
}

/** Kept runs by entry, as in the database. */
export const kept = new Map<string, RunDocument>();

const any = <T>(list: readonly T[], choice: number): T | undefined => list[choice % Math.max(1, list.length)];

/** A position of the text on view, or the one after its end. */
function place(choice: number): number | null {
  const { text } = playground;
  return text ? 1 + (choice % text.length) : null;
}

const doings: Readonly<Record<string, (choice: number) => unknown>> = {
  run: () => run(),
  step: () => stepOnce(),
  continue: () => carryOn(),
  stop: () => stop(),
  branch: (choice) => branchWith(choice % 40),
  compare: () => runComparison(),
  'best of 2': () => {
    changeSettings({ method: { ...playground.settings.method, kind: 'best-of-n', samples: 2 } });
    return runComparison();
  },
  alone: () => measureAlone(),
  duel: () => runAcross(),
  knob: (choice) => setNumber('temperature', [0, 0.7, 1, 1.5][choice % 4]!),
  prompt: (choice) => changeSettings({ prompt: ['Once upon a time', 'The cat', ''][choice % 3]! }),
  max: (choice) => changeSettings({ maxTokens: 1 + (choice % 5) }),
  grammar: (choice) => setGrammar([null, { kind: 'regex', source: '.*' } as const][choice % 2]!),
  select: (choice) => select(place(choice)),
  hover: (choice) => hover(choice % 3 === 0 ? null : place(choice)),
  show: (choice) => {
    const text = any(playground.texts, choice);
    if (text) showText(text.id);
  },
  'select lane': (choice) => selectPlace(choice % 3 === 0 ? null : choice % 12, choice % 2),
  'take lane': (choice) => openInPlayground(choice % 2),
  delete: (choice) => {
    const text = any(playground.texts, choice);
    if (text) deleteText(text.id);
  },
  undo: () => playground.notices.find(({ about }) => about === 'deletion')?.action?.run(),
  load: () => openScripted(),
  'load another': () => openModel({ kind: 'web-llm', id: 'other' }, 'Other'),
  'load a broken one': () => openModel({ kind: 'server', baseUrl: '', model: '', key: '' }, 'a broken one'),
  'load second': () => openSecond({ kind: 'scripted' }, 'B'),
  'close second': () => closeSecond(),
  link: (choice) =>
    openLink(readFragment(writeFragment({ ...defaultSettings(), maxTokens: 3, params: linked(choice) }))!),
  'link with a run': () => openRecord(kept.get('text')!, { ...opening, origin: 'link', replace: true }),
  'history entry': (choice) => openEntry(choice % 2 === 0 ? 'text' : 'lanes', true),
  kill: () => page.kill('out of memory'),
};

const opening = { settings: null, take: false, reveal: true } as const;
const linked = (choice: number) => ({ ...defaultSettings().params, temperature: choice % 2 });

/** Runs are more frequent than other actions, because most interleavings need one. */
const names = [...Object.keys(doings), 'run', 'run', 'step', 'continue', 'compare', 'stop', 'load'];

export const commands: fc.Arbitrary<readonly Command[]> = fc.array(
  fc.record({
    name: fc.constantFrom(...names),
    choice: fc.nat(50),
    // The next action mostly comes soon, and sometimes only when the page is at rest.
    rest: fc.oneof(fc.nat(6), fc.nat(25), fc.constant(200)),
  }),
  { minLength: 2, maxLength: 12 },
);

export function perform({ name, choice }: Command): unknown {
  return doings[name]!(choice);
}
