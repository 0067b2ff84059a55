/**
 * Writes the descriptions that a bundle is given: node lib/openapi/documents/collect-process.ts FILE. A process of its
 * own, since what makes bundles (`lib/cdk`) imports nothing of ours.
 */
import { writeFileSync } from "node:fs";
import { definitionNames, factsFiles } from "../schema.ts";
import { collectedText } from "./collected.ts";
import { descriptionsOf, methodsDescribed } from "./descriptions.ts";

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("usage: node lib/openapi/documents/collect-process.ts FILE");
const names = factsFiles().flatMap((facts) => definitionNames(facts.replace(/\.json$/, "")));
const described = new Map(names.map((name) => [name, descriptionsOf(name)]));
writeFileSync(file, collectedText(described, methodsDescribed()));
