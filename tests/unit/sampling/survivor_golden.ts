/** The survivors of llama.cpp's samplers at each step of a text: the kept ids or the removed ids, whichever are fewer. */
export interface SurvivorGolden {
  readonly model: string;
  readonly cases: Record<string, readonly ({ kept: readonly number[] } | { removed: readonly number[] })[]>;
}
