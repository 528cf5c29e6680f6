/** The actions that only the palette offers, such as each choice of a menu. They are fetched with the palette. */
import { PARAMS_PRESETS } from '../../sampling/presets.ts';
import { compareSeeds, compareTemperatures } from '../compare/lane_actions.ts';
import { openScripted } from '../engine_actions.ts';
import { exportFormats, exportKinds, exportRun, save } from '../exchange/exchange_actions.ts';
import { chooseGrammarKind } from '../grammar.svelte.ts';
import { GRAMMAR_PRESETS } from '../grammar_presets.ts';
import { settingsLink } from '../link/share.ts';
import { methods, type MethodKind } from '../method.ts';
import { openCatalogueModel, pauseLoading } from '../model_actions.ts';
import { notify } from '../notices.ts';
import { PROMPT_PRESETS } from '../prompt_presets.ts';
import { subjects } from '../record/subjects.ts';
import { runOn } from '../run_on.svelte.ts';
import { grammarRefused } from '../server_actions.ts';
import { goTo } from '../link/view_history.ts';
import type { Settings } from '../settings.ts';
import { applyPreset, changeSettings, changeView, setGrammar } from '../settings_actions.ts';
import { colourModes } from '../settings_schema.ts';
import { playground } from '../state.svelte.ts';
import { outputText } from '../texts/text.ts';
import type { Action } from './action.ts';
import { busy, noText } from './run.ts';

async function copy(what: string, text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  notify('info', `${what} is in the clipboard.`, undefined, 'run');
}

const loading = (): string | null =>
  playground.engine.phase === 'loading' ? 'A model is still loading.' : null;

const noChat = (): string | null =>
  playground.engine.phase === 'ready' && playground.engine.summary.hasChatTemplate
    ? null
    : 'The loaded model has no chat template.';

function setsMode(mode: Settings['mode'], label: string, blocked: () => string | null): Action {
  const on = (): boolean => playground.settings.mode === mode;
  return { name: `mode-${mode}`, label, group: 'Text', blocked, on, run: () => changeSettings({ mode }) };
}

const looks = colourModes.map((colour): Action => ({
  name: `colour-${colour}`,
  label: colour === 'none' ? 'No colours' : `Colour by ${colour}`,
  group: 'Look',
  on: () => playground.settings.view.colour === colour,
  run: () => changeView({ colour }),
}));

const prompts = PROMPT_PRESETS.map(({ id, label, prompt }): Action => ({
  name: `prompt-${id}`,
  label: `Example prompt: ${label}`,
  group: 'Text',
  run: () => changeSettings({ mode: 'text', prompt }),
}));

const chains = PARAMS_PRESETS.map((preset): Action => ({
  name: `chain-${preset.id}`,
  label: `Reset the chain to ${preset.label}`,
  group: 'Knobs',
  run: () => applyPreset(preset),
}));

const outputs = GRAMMAR_PRESETS.map(({ id, label, grammar }): Action => ({
  name: `output-${id}`,
  label: `Output: ${label.toLowerCase()}`,
  group: 'Knobs',
  blocked: grammarRefused,
  run: () => setGrammar(grammar),
}));

function compares(name: string, label: string, kind: MethodKind, setLanes?: () => void): Action {
  return {
    name,
    label,
    group: 'Compare',
    run: () => {
      changeSettings({ method: { ...playground.settings.method, kind } });
      setLanes?.();
      goTo('compare');
    },
  };
}

const files = exportKinds.map((kind): Action => ({
  name: `save-${kind}`,
  label: `Save as ${exportFormats[kind].label}`,
  group: 'Share',
  blocked: () => (subjects().length === 0 ? noText() : busy()),
  run: async () => save(await exportRun(kind, subjects()[0]!)),
}));

export const moreActions: readonly Action[] = [
  {
    name: 'copy-output',
    label: 'Copy the output',
    group: 'Text',
    blocked: noText,
    run: () => copy('The output', outputText(playground.text!)),
  },
  setsMode('text', 'Prompt as text', () => null),
  setsMode('chat', 'Prompt as chat', noChat),
  ...prompts,
  ...looks,
  ...chains,
  {
    name: 'roll-seed',
    label: 'A new seed for each run',
    group: 'Knobs',
    on: () => playground.settings.rollSeed,
    run: () => changeSettings({ rollSeed: !playground.settings.rollSeed }),
  },
  {
    name: 'output-free',
    label: 'Output: free',
    group: 'Knobs',
    on: () => playground.settings.params.grammar === null,
    run: () => chooseGrammarKind(null),
  },
  ...outputs,
  compares('lanes-temperatures', 'Compare temperatures 0, 0.4, 0.8, 1.2', 'lanes', compareTemperatures),
  compares('lanes-seeds', 'Compare 8 seeds', 'lanes', () => compareSeeds(8)),
  ...methods.map(({ kind, label }) => compares(`method-${kind}`, `Compare by ${label}`, kind)),
  {
    name: 'across',
    label: 'Compare two models or engines',
    group: 'Compare',
    on: () => playground.settings.view.page === 'across',
    run: () => goTo('across'),
  },
  {
    name: 'copy-link',
    label: 'Copy a link to these settings',
    group: 'Share',
    run: () => copy('The link', settingsLink(playground.settings).url),
  },
  ...files,
  {
    name: 'load-embedded',
    label: 'Load the embedded model',
    group: 'Models',
    blocked: loading,
    run: () => openCatalogueModel({ id: 'embedded', name: 'the embedded model' }),
  },
  {
    name: 'load-scripted',
    label: 'Load the scripted engine (not a language model)',
    group: 'Models',
    blocked: loading,
    run: () => openScripted(),
  },
  {
    name: 'run-on-cpu',
    label: 'Run GGUF files on the CPU',
    group: 'Models',
    on: () => runOn.cpu,
    run: () => (runOn.cpu = !runOn.cpu),
  },
  {
    name: 'pause-download',
    label: 'Pause the download',
    group: 'Models',
    blocked: () =>
      playground.engine.phase === 'loading' && playground.engine.progress?.stage === 'download'
        ? null
        : 'No download is running.',
    run: pauseLoading,
  },
  {
    name: 'conformance',
    label: 'Conformance page: check this browser and its adapter',
    group: 'Go to',
    run: () => location.assign('?conformance'),
  },
];
