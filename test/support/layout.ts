import { codeOnly, lineOf, target, type Import, type Source } from './imports.ts';

/** What the files of one folder of src may import; `types` are folders of which only types may come. */
interface Row {
  readonly folders: readonly string[];
  readonly types?: readonly string[];
  readonly packages: readonly RegExp[];
}

// prettier-ignore
const EVERYTHING = [
  'domain', 'support', 'config', 'aws', 'store', 'logs', 'executor', 'worker', 'beat', 'observability', 'status',
  'local', 'library',
];

/** The import table of the house; a folder may always import itself. A folder without a row may not exist. */
export const TABLE: Readonly<Record<string, Row>> = {
  domain: { folders: [], packages: [] },
  support: { folders: [], packages: [] },
  config: { folders: ['domain'], packages: [/^convict$/] },
  aws: { folders: ['domain'], types: ['config'], packages: [/^@aws-sdk\/(client|lib)-[a-z-]+$/] },
  store: { folders: ['domain', 'support', 'aws'], packages: [/^@aws-sdk\/(client|lib)-dynamodb$/] },
  logs: {
    folders: ['domain', 'support', 'aws'],
    packages: [/^@aws-sdk\/(client-s3|lib-storage|client-cloudwatch-logs)$/],
  },
  executor: { folders: ['domain', 'support', 'logs'], packages: [/^piscina$/, /^execa$/] },
  worker: { folders: ['domain', 'support'], packages: [] },
  beat: { folders: ['domain', 'support', 'aws', 'store'], packages: [] },
  observability: {
    folders: ['domain', 'support', 'config', 'aws'],
    packages: [/^prom-client$/, /^@opentelemetry\//, /^@aws-sdk\/client-cloudwatch$/, /^pino$/],
  },
  status: { folders: ['domain', 'support', 'observability'], packages: [/^fastify$/, /^hono$/, /^@hono\//] },
  local: { folders: ['domain', 'support'], packages: [/^dynalite$/] },
  library: { folders: EVERYTHING, packages: [/^csv-parse(\/|$)/] },
  cli: { folders: EVERYTHING, packages: [/^commander$/] },
};

/** Outside src, but in the package, and as far from dist as from src. */
const SHIPPED = /^\.\.\/(package|config\/[a-z-]+)\.json$/;

export const MAX_FILE_LINES = 300;

/** What would make a result of src/domain depend on when and where it runs. */
const IMPURE =
  /\b(?:Date\.now|Math\.random|new Date\(\)|performance\.|process\.|globalThis|fetch\(|setTimeout|setInterval|crypto\.)/g;

/** Every breach of the layout as `src/<file>:<line> → <rule>`. */
export function breaches(sources: readonly Source[]): readonly string[] {
  return [
    ...sources.flatMap((file) => [...imports(file), ...urls(file), ...purity(file), ...length(file)]),
    ...cycles(sources),
  ];
}

function imports(file: Source): readonly string[] {
  const folder = folderOf(file.path);
  const row = TABLE[folder];
  if (row === undefined) return [`src/${file.path}:1 → the import table has no row for ${folder}`];
  return file.imports.flatMap((entry) => {
    const rule = brokenRule(file, folder, row, entry);
    return rule === undefined ? [] : [`src/${file.path}:${entry.line} → ${rule}`];
  });
}

function brokenRule(file: Source, folder: string, row: Row, entry: Import): string | undefined {
  const path = target(file, entry.specifier);
  if (path === undefined) return brokenPackageRule(folder, row, entry.specifier);
  if (SHIPPED.test(path)) return undefined;
  if (path.startsWith('../')) return `${folder} may not import ${entry.specifier}: it is outside src`;
  const other = folderOf(path);
  if (other === folder || row.folders.includes(other)) return undefined;
  if (!(row.types ?? []).includes(other)) return `${folder} may not import ${other}`;
  return entry.typeOnly ? undefined : `${folder} may import only types of ${other}`;
}

function brokenPackageRule(folder: string, row: Row, specifier: string): string | undefined {
  if (specifier.startsWith('node:')) return folder === 'domain' ? `domain is pure: no ${specifier}` : undefined;
  return row.packages.some((allowed) => allowed.test(specifier)) ? undefined : `${folder} may not import ${specifier}`;
}

/** tsc turns .ts into .js in imports only. */
function urls(file: Source): readonly string[] {
  return [...file.text.matchAll(/\bnew URL\(\s*['"`][^'"`\n]*\.ts['"`]\s*,\s*import\.meta\.url/g)].map(
    (match) =>
      `src/${file.path}:${lineOf(file.text, match.index)} → dist has no .ts: take the ending of import.meta.url`,
  );
}

function purity(file: Source): readonly string[] {
  if (folderOf(file.path) !== 'domain') return [];
  const code = codeOnly(file.text);
  return [...code.matchAll(IMPURE)].map(
    (match) => `src/${file.path}:${lineOf(code, match.index)} → domain is pure: no ${match[0]}`,
  );
}

function length(file: Source): readonly string[] {
  const lines = file.text.trimEnd().split('\n').length;
  return lines > MAX_FILE_LINES ? [`src/${file.path}:${lines} → no file has more than ${MAX_FILE_LINES} lines`] : [];
}

/** Depth-first over the imports; each cycle is told once, at the import that closes it. */
function cycles(sources: readonly Source[]): readonly string[] {
  const files = new Map(sources.map((file) => [file.path, file]));
  const finished = new Set<string>();
  const found: string[] = [];
  for (const file of sources) visit(file, []);
  return found;

  function visit(file: Source, trail: readonly string[]): void {
    if (finished.has(file.path)) return;
    const here = [...trail, file.path];
    for (const { specifier, line } of file.imports) {
      const next = files.get(target(file, specifier) ?? '');
      if (next === undefined) continue;
      const start = here.indexOf(next.path);
      if (start < 0) visit(next, here);
      else found.push(`src/${file.path}:${line} → import cycle: ${[...here.slice(start), next.path].join(' → ')}`);
    }
    finished.add(file.path);
  }
}

function folderOf(path: string): string {
  return path.split('/')[0] ?? '';
}
