/** Keys that work anywhere but where something is typed. */
import { stepOnce } from './branch_actions.ts';
import { stop } from './texts/run_actions.ts';
import { runHere } from './run_command.ts';
import { moveSelection, select } from './selection_actions.ts';
import { changeView, rollSeed } from './settings_actions.ts';
import { playground } from './state.svelte.ts';
import type { ColourMode } from './token_colour.ts';

const colours: readonly ColourMode[] = ['probability', 'surprisal', 'entropy', 'rank', 'none'];

/** What belongs to the page rather than to the playground's state. */
export interface PageKeys {
  readonly showShortcuts: () => void;
  readonly showView: (index: number) => void;
  readonly focus: (selector: string) => void;
}

/** @returns whether the key was one of ours; its default is then prevented */
export function handleKey(event: KeyboardEvent, page: PageKeys): boolean {
  if (event.defaultPrevented) return false;
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    void runHere();
    return true;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return false;
  const { view } = playground.settings;
  switch (event.key) {
    case 'Escape':
      if (playground.run.phase !== 'idle') stop();
      else select(null);
      return true;
    case 's':
      void stepOnce();
      return true;
    case '[':
    case ']':
      moveSelection(event.key === ']' ? 1 : -1);
      return true;
    case 'p':
      page.focus('#prompt');
      return true;
    case 't':
      page.focus('.text');
      return true;
    case 'c':
      changeView({ colour: colours[(colours.indexOf(view.colour) + 1) % colours.length]! });
      return true;
    case 'w':
      changeView({ whitespace: !view.whitespace });
      return true;
    case 'l':
      changeView({ scale: view.scale === 'log' ? 'linear' : 'log' });
      return true;
    case 'd':
      rollSeed();
      return true;
    case '1':
    case '2':
    case '3':
    case '4':
      page.showView(Number(event.key) - 1);
      return true;
    case '?':
      page.showShortcuts();
      return true;
    default:
      return false;
  }
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('input:not([type=radio]), textarea, select, [role=dialog]') !== null
  );
}
