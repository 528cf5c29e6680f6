import { readChartTheme, type ChartTheme } from './chart_theme.ts';

export type ThemeChoice = 'auto' | 'light' | 'dark';

const storageKey = 'logitscope-theme';

function stored(): ThemeChoice {
  try {
    const value = localStorage.getItem(storageKey);
    return value === 'light' || value === 'dark' ? value : 'auto';
  } catch {
    // Some private windows refuse storage. The system's choice then holds.
    return 'auto';
  }
}

/** Light or dark: the system's choice unless the person made one. Charts read their colours from it. */
class ThemeStore {
  #choice: ThemeChoice = $state(stored());
  #system = $state(matchMedia('(prefers-color-scheme: dark)').matches);
  readonly name = $derived(this.#choice === 'auto' ? (this.#system ? 'dark' : 'light') : this.#choice);
  #chart: ChartTheme = $state.raw(readChartTheme(document.documentElement));

  constructor() {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', (event) => {
      this.#system = event.matches;
      this.#apply();
    });
    this.#apply();
  }

  get choice(): ThemeChoice {
    return this.#choice;
  }

  get chart(): ChartTheme {
    return this.#chart;
  }

  choose(choice: ThemeChoice): void {
    this.#choice = choice;
    try {
      if (choice === 'auto') localStorage.removeItem(storageKey);
      else localStorage.setItem(storageKey, choice);
    } catch {
      // See `stored`.
    }
    this.#apply();
  }

  /** Reads again what charts take from the page's style sheets, which have changed. */
  readAgain(): void {
    this.#chart = readChartTheme(document.documentElement);
  }

  #apply(): void {
    document.documentElement.dataset['theme'] = this.name;
    this.readAgain();
  }
}

export const theme = new ThemeStore();
