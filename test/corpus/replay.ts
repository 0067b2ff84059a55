/**
 * Replays recorded cases through the API core and tells which answers differ.
 *
 *   node test/corpus/replay.ts [AREA...] [--only TEXT] [--show N]
 *   node test/corpus/replay.ts [AREA...] --kubeconfig FILE    over TLS: coracle up --no-node --controllers=-*
 *   node test/corpus/replay.ts [AREA...] --list    brings not-equal.json up to date; new reasons are to be written by hand
 */
import { areas } from "./cases.ts";
import { httpsServer } from "./https-server.ts";
import { notEqual, writeNotEqual } from "./not-equal.ts";
import { replayArea } from "./replay-area.ts";
import { corpusServer } from "./server.ts";

const args = process.argv.slice(2);
const option = (name: string, fallback: string) => {
  const index = args.indexOf(name);
  return index < 0 ? fallback : args.splice(index, 2)[1];
};
const only = option("--only", "");
let show = Number(option("--show", "20"));
const kubeconfig = option("--kubeconfig", "");
const open = async () => (kubeconfig === "" ? await corpusServer() : httpsServer(kubeconfig));
const listAt = args.indexOf("--list");
if (listAt >= 0) args.splice(listAt, 1);
const listed = new Map(Object.entries(notEqual()));
let equal = 0;
let all = 0;
for (const area of args.length > 0 ? args : areas()) {
  const outcomes = await replayArea(area, only, open);
  let good = 0;
  for (const { id, difference } of outcomes) {
    if (difference === undefined) {
      good++;
      listed.delete(id);
      continue;
    }
    if (!listed.has(id)) listed.set(id, `not looked into yet (${area})`);
    if (show-- > 0) console.log(`DIFFERS ${id}: ${difference}`);
  }
  console.log(`${area}: ${good} of ${outcomes.length} cases equal`);
  equal += good;
  all += outcomes.length;
}
console.log(`${equal} of ${all} cases equal`);
if (listAt >= 0) writeNotEqual(Object.fromEntries(listed));
process.exit(equal === all ? 0 : 1);
