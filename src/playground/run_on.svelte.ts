/** Where GGUF files are to run: on the GPU by our own engine, or on the CPU by llama.cpp. Not kept, and in no link. */
class RunOn {
  #cpu = $state(false);

  get cpu(): boolean {
    return this.#cpu;
  }

  set cpu(on: boolean) {
    this.#cpu = on;
  }

  /** What a model choice says of it. */
  get choice(): { readonly runOn?: 'cpu' } {
    return this.#cpu ? { runOn: 'cpu' } : {};
  }
}

export const runOn = new RunOn();
