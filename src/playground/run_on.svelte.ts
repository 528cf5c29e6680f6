/** Where GGUF files run: on the GPU with our own engine, or on the CPU with llama.cpp. Neither stored nor in links. */
class RunOn {
  #cpu = $state(false);

  get cpu(): boolean {
    return this.#cpu;
  }

  set cpu(on: boolean) {
    this.#cpu = on;
  }

  /** The part of a model choice that says it. */
  get choice(): { readonly runOn?: 'cpu' } {
    return this.#cpu ? { runOn: 'cpu' } : {};
  }
}

export const runOn = new RunOn();
