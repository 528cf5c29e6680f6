/** Keeps the open card in the address, so that a reload and a copied address open it again. */
export function setQuery(name: string, value: string | null): void {
  const url = new URL(location.href);
  if (value === null) url.searchParams.delete(name);
  else url.searchParams.set(name, value);
  // `present=` is written `present`.
  url.search = url.search.replace(/=(?=&|$)/g, '');
  if (url.href !== location.href) history.replaceState(history.state, '', url.href);
}
