/** `?present`: large type and nothing but the text, its charts and the open card, for a class that looks at a projector. */
import { setQuery } from './address.ts';

class Present {
  #on = $state(new URLSearchParams(location.search).has('present'));

  get on(): boolean {
    return this.#on;
  }

  set on(on: boolean) {
    this.#on = on;
    setQuery('present', on ? '' : null);
  }
}

export const present = new Present();
