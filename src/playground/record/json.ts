/** JSON of settings and runs. JSON has no −∞, so a ban is written as "ban". */
export function jsonOf(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, item: unknown) => (item === -Infinity ? 'ban' : item), indent);
}
