/** What the form asks for. */
export interface Asked {
  url: string;
  record: Record<string, unknown>;
}

export type Language = "curl" | "typescript" | "python";

/** The request as code that works as it is, with the key in the environment variable API_KEY. */
export const snippet = (language: Language, asked: Asked): string => languages[language](asked);

const languages: Record<Language, (asked: Asked) => string> = {
  curl: ({ url, record }) =>
    [
      `curl ${shellQuoted(url)} \\`,
      `  -H "x-api-key: $API_KEY" \\`,
      `  -H "content-type: application/json" \\`,
      `  -d ${shellQuoted(JSON.stringify(record, null, 2))}`,
    ].join("\n"),

  typescript: ({ url, record }) =>
    [
      `const response = await fetch(${JSON.stringify(url)}, {`,
      `  method: "POST",`,
      `  headers: { "x-api-key": process.env.API_KEY ?? "", "content-type": "application/json" },`,
      `  body: JSON.stringify(${indented(JSON.stringify(record, null, 2), "  ")}),`,
      `});`,
      `console.log(await response.json());`,
    ].join("\n"),

  python: ({ url, record }) =>
    [
      `import json, os, urllib.request`,
      ``,
      `record = {`,
      ...Object.entries(record).map(([name, value]) => `    ${JSON.stringify(name)}: ${pythonOf(value)},`),
      `}`,
      `request = urllib.request.Request(`,
      `    ${JSON.stringify(url)},`,
      `    data=json.dumps(record).encode(),`,
      `    headers={"x-api-key": os.environ["API_KEY"], "content-type": "application/json"},`,
      `)`,
      `with urllib.request.urlopen(request) as response:`,
      `    print(json.load(response))`,
    ].join("\n"),
};

/** In single quotes nothing has a meaning but their end. */
const shellQuoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

const indented = (text: string, by: string) => text.replaceAll("\n", `\n${by}`);

/** A number, text, boolean or null as Python writes it; JSON's texts are Python's as well. */
const pythonOf = (value: unknown): string =>
  value === null ? "None" : value === true ? "True" : value === false ? "False" : JSON.stringify(value);
