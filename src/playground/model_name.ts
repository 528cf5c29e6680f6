import { modelPattern } from './settings_schema.ts';

/** How settings, and so links, name a model from an address: the address itself, or `file` where it has no such form. */
export function settingsModel(url: string): string {
  const { origin, pathname } = new URL(url);
  // What follows `?` may be a signature or a key, which has no business in a link.
  const plain = origin + pathname;
  return modelPattern.test(plain) ? plain : 'file';
}
