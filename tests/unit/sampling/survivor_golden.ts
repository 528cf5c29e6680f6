/** What llama.cpp's samplers left at each step of a text: the ids kept, or the ids removed, whichever are fewer. */
export interface SurvivorGolden {
  readonly model: string;
  readonly cases: Record<string, readonly ({ kept: readonly number[] } | { removed: readonly number[] })[]>;
}
