/** Parameters that belong to the draw itself or to several stages. */
import type { NumberDefinition } from './definition.ts';

export const SHARED = {
  minKeep: {
    label: 'Keep at least',
    range: [0, 1000],
    slider: [0, 20],
    step: 1,
    default: 0,
    neutral: 0,
    help: 'Typical-p, top-p, min-p and XTC leave at least this many candidates.',
  },
  seed: {
    label: 'Seed',
    range: [0, 4_294_967_295],
    step: 1,
    default: 42,
    neutral: null,
    openai: 'seed',
    help: 'Chooses the luck: the same seed at the same position always draws the same number, in every lane.',
  },
} as const satisfies Readonly<Record<string, NumberDefinition>>;

/** The numbers that stages may read besides their own parameters. */
export type SharedNumbers = Readonly<Record<keyof typeof SHARED, number>>;
