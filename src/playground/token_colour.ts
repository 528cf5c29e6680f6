/** Maps a token's figures to one of the eight colours of the ramp (`--v0` … `--v7` in theme.css). */
export type ColourMode = 'probability' | 'surprisal' | 'entropy' | 'rank' | 'none';

/** The figures that colour a token; NaN where a position has none. */
export interface ColourNumbers {
  readonly rawLogprob: number;
  readonly finalLogprob: number;
  readonly entropy: number;
  readonly rank: number;
}

interface Scale {
  readonly label: string;
  /** Names the figure, and says whether it is raw or after the chain. */
  readonly help: string;
  /** Value n belongs to step i when it is at least `edges[i − 1]` and below `edges[i]`. */
  readonly edges: readonly number[];
  readonly value: (numbers: ColourNumbers) => number;
  readonly edgeLabel: (edge: number) => string;
}

const surprisalEdges = [0.105, 0.357, 0.693, 1.204, 1.897, 2.996, 4.605];

export const colourScales: Readonly<Record<Exclude<ColourMode, 'none'>, Scale>> = {
  probability: {
    label: 'Probability',
    help: 'final probability of the token, after the chain',
    edges: surprisalEdges,
    value: (numbers) => -numbers.finalLogprob,
    edgeLabel: (edge) => `${Math.round(Math.exp(-edge) * 100)} %`,
  },
  surprisal: {
    label: 'Surprisal',
    help: 'minus the raw logprob of the token, in nats',
    edges: [0.25, 0.5, 1, 2, 3, 4.5, 6],
    value: (numbers) => -numbers.rawLogprob,
    edgeLabel: String,
  },
  entropy: {
    label: 'Entropy',
    help: 'entropy of the raw distribution that the token came from, in nats',
    edges: [0.25, 0.5, 1, 1.5, 2.25, 3, 4],
    value: (numbers) => numbers.entropy,
    edgeLabel: String,
  },
  rank: {
    label: 'Rank',
    help: 'rank of the token among the raw candidates',
    edges: [2, 3, 4, 6, 11, 31, 101],
    value: (numbers) => numbers.rank,
    edgeLabel: String,
  },
};

/** @returns 0 … 7; 0 if there is no figure */
export function colourStep(mode: ColourMode, numbers: ColourNumbers): number {
  if (mode === 'none') return 0;
  const scale = colourScales[mode];
  const value = scale.value(numbers);
  if (Number.isNaN(value)) return 0;
  let step = 0;
  while (step < scale.edges.length && value >= scale.edges[step]!) step++;
  return step;
}
