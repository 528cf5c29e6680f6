// The style sheets come first, because charts read their colours from them when they are set up.
import './ui/theme.css';
import './ui/looks.css';
import './ui/layout.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { worker } from './playground/connection.ts';

const target = document.getElementById('app')!;
if (new URLSearchParams(location.search).has('conformance')) {
  void import('./ui/conformance/ConformancePage.svelte').then(({ default: Page }) => mount(Page, { target }));
} else {
  // The worker starts while the page is drawn.
  worker();
  mount(App, { target });
}
// The first view of the page does not need this.
void import('./playground/offline.ts').then(({ keepPage }) => keepPage());
