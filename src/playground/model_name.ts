import { modelPattern } from './settings_schema.ts';

/** The name of a downloaded model in settings and links: its address, or `file` if the address does not fit there. */
export function settingsModel(url: string): string {
  const { origin, pathname } = new URL(url);
  // The part after `?` may be a signature or a key, which must not get into a link.
  const plain = origin + pathname;
  return modelPattern.test(plain) ? plain : 'file';
}
