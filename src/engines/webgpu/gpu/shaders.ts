import { link } from 'wesl/core';

/** Every module under shaders/, by its path there: `./common/batch.wgsl`. */
const modules: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(
    import.meta.glob<string>('../../../../shaders/**/*.wgsl', {
      query: '?raw',
      import: 'default',
      eager: true,
    }),
  ).map(([path, source]) => [path.replace(/^.*\/shaders\//, './'), source]),
);

/** One variant of a shader. */
export interface ShaderVariant {
  /** Root module under shaders/, without its extension. */
  readonly shader: string;
  /** Block format whose module replaces `package::block`. */
  readonly block?: string;
  /** Conditions that hold in `@if`; all others are false. */
  readonly conditions: readonly string[];
  /** Numbers that the module imports from `constants`. */
  readonly constants: Readonly<Record<string, number>>;
}

/** Every condition that some shader uses: the linker needs a value for each. */
const CONDITIONS = [
  ...new Set(
    Object.values(modules).flatMap((source) =>
      [...source.matchAll(/@if\(([^)]*)\)/g)].flatMap((match) => match[1]!.match(/\w+/g) ?? []),
    ),
  ),
];

export function variantKey({ shader, block, conditions, constants }: ShaderVariant): string {
  const numbers = Object.entries(constants).map(([name, value]) => `${name}=${value}`);
  return [shader, block ?? '', ...[...conditions].sort(), ...numbers.sort()].join(' ');
}

/**
 * Six hexadecimal digits: a hash (FNV-1a) of the text of all shaders without comments and spaces. Results of other shaders may
 * differ in their bits.
 */
export const shadersVersion: string = (() => {
  let hash = 0x811c9dc5;
  for (const path of Object.keys(modules).sort()) {
    const text = modules[path]!.replace(/\/\/.*$/gm, '').replace(/\s+/g, '');
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 8).toString(16).padStart(6, '0');
})();

/** The WGSL text of a variant. */
export async function linkShader(variant: ShaderVariant): Promise<string> {
  const held = new Set(variant.conditions);
  const linked = await link({
    weslSrc: variant.block
      ? { ...modules, './block.wgsl': modules[`./blocks/${variant.block}.wgsl`]! }
      : modules,
    rootModuleName: variant.shader,
    conditions: Object.fromEntries(CONDITIONS.map((name) => [name, held.has(name)])),
    constants: variant.constants,
    keepComments: false,
    sourceMap: false,
  });
  return linked.dest;
}
