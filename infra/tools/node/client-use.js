// Prints a TypeScript program that uses the generated client once rightly and once with a misspelt parameter.
const fs = require("node:fs");

const schema = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const takesQuery = ([path, item]) =>
  !path.includes("{") && (item.get?.parameters ?? []).some((parameter) => parameter.in === "query");
const found = Object.entries(schema.paths).find(takesQuery);
if (!found) {
  console.error("No GET operation takes a query parameter, so the client's types can't be tried. Check the schema.");
  process.exit(1);
}
const path = JSON.stringify(found[0]);
console.log(`import createClient from "openapi-fetch";
import type { paths } from "./client.js";

const client = createClient<paths>({ baseUrl: "https://api.slipway.invalid" });
export const rightly = () => client.GET(${path});
// @ts-expect-error The parameter is misspelt.
export const wrongly = () => client.GET(${path}, { params: { query: { misspelt_parameter: 1 } } });`);
