// The style sheet comes first: charts read their colours from it as they are set up.
import './ui/theme.css';
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
// Not needed for the first look at the page.
void import('./playground/offline.ts').then(({ keepPage }) => keepPage());
