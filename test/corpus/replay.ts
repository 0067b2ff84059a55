/**
 * Replays recorded cases through the API core and tells which answers differ.
 *
 *   node test/corpus/replay.ts [AREA...] [--only TEXT] [--show N]
 */
import { areas, cases } from "./cases.ts";
import { runCase } from "./run.ts";
import { corpusServer } from "./server.ts";

const args = process.argv.slice(2);
const option = (name: string, fallback: string) => {
  const index = args.indexOf(name);
  return index < 0 ? fallback : args.splice(index, 2)[1];
};
const only = option("--only", "");
let show = Number(option("--show", "20"));
let equal = 0;
let all = 0;
for (const area of args.length > 0 ? args : areas()) {
  const server = await corpusServer();
  let good = 0;
  const chosen = cases(area).filter(({ name }) => name.includes(only));
  for (const one of chosen) {
    const difference = await runCase(server.handle, one);
    if (difference === undefined) good++;
    else if (show-- > 0) console.log(`DIFFERS ${area}/${one.name}: ${difference}`);
  }
  console.log(`${area}: ${good} of ${chosen.length} cases equal`);
  equal += good;
  all += chosen.length;
  await server.close();
}
console.log(`${equal} of ${all} cases equal`);
process.exit(equal === all ? 0 : 1);
