/**
 * The arrows between the rooms of src/ (see ARCHITECTURE.md). A room may import itself, what is listed here, and packages;
 * types may be imported from anywhere but by `sampling`. main.ts and App.svelte put everything together.
 */

/** What engines promise, and the string that says how one computed: both may be used wherever engines are spoken of. */
const CONTRACT = '^src/engines/(contract|numerics)\\.ts$';
/** What the sessions of adapters over one KV cache share. */
const SINGLE_SEQUENCE = '^src/engines/single_sequence\\.ts$';
/** Reading a model's file, and its tokenizer: used by every adapter that runs such a file. */
const MODEL_FILES = '^src/engines/(gguf|tokenizer)/';
const WEBGPU = 'src/engines/webgpu';
/** The table of sampling parameters, from which the page's controls derive. */
const PARAMETERS = '^src/sampling/(params|parameter_table|presets|chain_order)\\.ts$';

/** Room → rooms or files that it may import beside itself. */
const ARROWS = {
  'src/sampling': [],
  'src/decoding': ['^src/sampling/', CONTRACT],
  'src/models': [CONTRACT],
  'src/worker': ['^src/decoding/', '^src/sampling/', '^src/engines/', '^src/models/'],
  'src/worker/api': [CONTRACT, '^src/sampling/errors\\.ts$'],
  'src/worker/loading': ['^src/engines/', '^src/models/', '^src/sampling/'],
  'src/worker/texts': ['^src/worker/api/', '^src/decoding/', '^src/sampling/', CONTRACT],
  'src/worker/server': ['^src/worker/(texts|api)/', '^src/decoding/', '^src/sampling/', CONTRACT],
  'src/playground': ['^src/worker/', PARAMETERS, CONTRACT],
  'src/ui': ['^src/playground/', PARAMETERS, CONTRACT],
  [`${WEBGPU}/gpu`]: [CONTRACT],
  'src/engines/gguf': [CONTRACT],
  'src/engines/tokenizer': ['^src/engines/gguf/', CONTRACT],
  [`${WEBGPU}/kernels`]: [`^${WEBGPU}/gpu/`, '^src/engines/gguf/', CONTRACT, '^shaders/'],
  [`${WEBGPU}/selftest`]: [`^${WEBGPU}/(kernels|gpu)/`, '^src/engines/gguf/', CONTRACT],
  [`${WEBGPU}/browser`]: [`^${WEBGPU}/(engine\\.ts|model/|selftest/)`, CONTRACT],
  [`${WEBGPU}/model`]: [`^${WEBGPU}/(selftest|kernels|gpu)/`, '^src/engines/gguf/', CONTRACT],
};

/** Folder of the playground → folders of it that it may import; types count. Each may import the files beside the folders. */
const PLAYGROUND = {
  texts: [],
  conformance: [],
  compare: ['texts'],
  across: ['texts'],
  record: ['texts', 'compare'],
  link: ['texts', 'compare', 'record'],
  history: ['texts', 'compare', 'record'],
  exchange: ['texts', 'compare', 'across', 'record'],
  learn: ['texts', 'compare', 'record', 'link'],
  actions: ['texts', 'compare', 'record', 'link', 'exchange'],
};

const folders = Object.entries(PLAYGROUND).map(([folder, allowed]) => ({
  name: `playground/${folder} imports only the folders below it`,
  severity: 'error',
  from: { path: `^src/playground/${folder}/` },
  to: { path: '^src/playground/[^/]+/', pathNot: `^src/playground/(${[folder, ...allowed].join('|')})/` },
}));

const rooms = Object.entries(ARROWS).map(([room, allowed]) => ({
  name: `${room.replace('src/', '')} imports only what it may`,
  severity: 'error',
  from: { path: `^${room}/` },
  to: {
    path: '^(src|shaders)/',
    pathNot: [`^${room}/`, ...allowed],
    ...(room === 'src/sampling' ? {} : { dependencyTypesNot: ['type-only'] }),
  },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...rooms,
    ...folders,
    {
      name: 'what the folders of the playground share knows only the texts',
      comment: 'start.ts decides what the page opens with, and may know them all.',
      severity: 'error',
      from: { path: '^src/playground/[^/]+$', pathNot: '^src/playground/start\\.ts$' },
      to: { path: '^src/playground/[^/]+/', pathNot: '^src/playground/texts/' },
    },
    {
      name: 'no circles of files in the playground, types counted',
      severity: 'error',
      from: { path: '^src/playground/' },
      to: { circular: true },
    },
    {
      name: 'engines know the contract and nothing else',
      comment: 'In particular no adapter imports another.',
      severity: 'error',
      from: { path: '^src/engines/([^/]+)/' },
      to: { path: '^src/', pathNot: ['^src/engines/$1/', CONTRACT, SINGLE_SEQUENCE, MODEL_FILES] },
    },
    {
      name: 'the contract imports nothing',
      severity: 'error',
      from: { path: CONTRACT },
      to: { path: '.*' },
    },
    {
      name: 'only engines/webgpu reads shaders',
      severity: 'error',
      from: { path: '^src/', pathNot: `^${WEBGPU}/` },
      to: { path: '^shaders/' },
    },
    {
      name: 'sampling imports no package',
      severity: 'error',
      from: { path: '^src/sampling/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'core'] },
    },
    {
      name: 'no circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'nothing unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '\\?' },
    },
    {
      name: 'src does not import tests or scripts',
      severity: 'error',
      from: {},
      to: { path: '^(tests|scripts)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'browser', 'svelte', 'default'],
      extensions: ['.ts', '.svelte.ts', '.svelte', '.js', '.mjs', '.wgsl', '.css'],
    },
  },
};
