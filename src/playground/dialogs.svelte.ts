/** Which dialog stands over the page, or is being fetched to: one at a time. `ui/panels/Dialogs.svelte` draws it. */
export type DialogName = 'actions' | 'history' | 'models' | 'share' | 'shortcuts';

class Dialogs {
  shown: DialogName | null = $state(null);

  /** Does nothing where another one has taken its place. */
  close(name: DialogName): void {
    if (this.shown === name) this.shown = null;
  }
}

export const dialogs = new Dialogs();
