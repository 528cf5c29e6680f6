// The style sheet comes first: charts read their colours from it as they are set up.
import './ui/theme.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { keepPage } from './playground/offline.ts';

mount(App, { target: document.getElementById('app')! });
void keepPage();
