/** What earlier loads found out about an adapter, so that nothing is tested twice. Plain values only. */
export interface Verdicts {
  /** Kernel variants that came out right. */
  readonly proven: readonly string[];
  readonly detours: readonly TakenDetour[];
  /** When it was found out, in milliseconds since 1970: the driver may change later. */
  readonly since: number;
}

/** A detour, and the cases that came out wrong without it. */
export interface TakenDetour {
  readonly name: string;
  readonly cases: readonly string[];
  readonly sentence: string;
}

/** Where verdicts are kept. If the store fails, the test just runs again. */
export interface VerdictStore {
  /** @param key names adapter, browser and shaders */
  get(key: string): Promise<Verdicts | undefined>;
  set(key: string, verdicts: Verdicts): Promise<void>;
}

/** Keeps verdicts until the program ends. */
export function verdictsInMemory(): VerdictStore {
  const all = new Map<string, Verdicts>();
  return {
    get: (key) => Promise.resolve(all.get(key)),
    set: (key, verdicts) => Promise.resolve(void all.set(key, verdicts)),
  };
}
