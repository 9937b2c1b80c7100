// What Gmail, Outlook and Apple Mail do not support of our mails, by caniemail.com: CONTRIBUTING.md says when to run it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { caniemail } from "caniemail";

const directory = process.argv[2];
const found = new Map();
for (const file of readdirSync(directory).filter((name) => name.endsWith(".html") && name !== "index.html")) {
  const html = readFileSync(join(directory, file), "utf8");
  const { issues } = caniemail({ clients: ["gmail.*", "outlook.*", "apple-mail.*"], html });
  for (const kind of ["errors", "warnings"]) {
    for (const [client, features] of issues[kind]) {
      for (const { title } of features) {
        const key = `${kind === "errors" ? "unsupported" : "in part"}: ${title}`;
        found.set(key, (found.get(key) ?? new Set()).add(client));
      }
    }
  }
}
for (const key of [...found.keys()].sort()) console.log(`${key}  (${[...found.get(key)].sort().join(", ")})`);
