// Writes braid.min.js. Its first line holds the digest of the source, by which a test sees without Node that it is current.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { transformSync } from "esbuild";

const place = (name) => new URL(name, import.meta.url);
const source = readFileSync(place("braid.js"), "utf8");
const digest = createHash("sha256").update(source).digest("hex");
const { code } = transformSync(source, { minify: true, target: "es2022" });
const text = `/*! Braid, braid.js ${digest} */\n${code}`;
if (process.argv.includes("--print")) process.stdout.write(text);
else writeFileSync(place("braid.min.js"), text);
