// The style sheet comes first: charts read their colours from it as they are set up.
import './ui/theme.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { worker } from './playground/connection.ts';

// The worker starts while the page is drawn.
worker();
mount(App, { target: document.getElementById('app')! });
// Not needed for the first look at the page.
void import('./playground/offline.ts').then(({ keepPage }) => keepPage());
