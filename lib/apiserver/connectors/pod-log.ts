/** GET pods/log: the agent's answer, passed on as it comes. */
import { newInternalError, newInvalid, StatusError } from "../../apimachinery/errors.ts";
import { type FieldError, invalid, path } from "../../apimachinery/validation/field.ts";
import type { Connector } from "../dispatch.ts";
import { parseInteger } from "../options.ts";
import { isTrue } from "../request-info.ts";
import type { NodeDialer } from "./node-dialer.ts";
import { containerOf, nodeAddressOf, podOf } from "./pod-target.ts";

const numbers = ["sinceSeconds", "tailLines", "limitBytes"] as const;

/** The options as the agent takes them. Throws 400 and 422. */
function agentQuery(query: URLSearchParams, pod: string): URLSearchParams {
  const out = new URLSearchParams();
  const errors: FieldError[] = [];
  const values = new Map(
    numbers.map((name) => [name, query.get(name) ? parseInteger(query.get(name) ?? "") : undefined]),
  );
  const [since, tail, limit] = numbers.map((name) => values.get(name));
  if (tail !== undefined && tail < 0) {
    errors.push(invalid(path("tailLines"), tail, "must be greater than or equal to 0"));
  }
  if (limit !== undefined && limit < 1) errors.push(invalid(path("limitBytes"), limit, "must be greater than 0"));
  if (since !== undefined && query.get("sinceTime")) {
    const detail = "at most one of `sinceTime` or `sinceSeconds` may be specified";
    errors.push({ type: "FieldValueForbidden", field: "[]", value: "", detail });
  } else if (since !== undefined && since < 1) {
    errors.push(invalid(path("sinceSeconds"), since, "must be greater than 0"));
  }
  if (errors.length > 0) throw newInvalid({ group: "", kind: "PodLogOptions" }, pod, errors);
  for (const name of ["follow", "previous", "timestamps"]) if (isTrue(query.get(name))) out.set(name, "true");
  for (const name of [...numbers, "sinceTime"]) {
    const text = query.get(name);
    if (text) out.set(name, text);
  }
  return out;
}

/** Answers pods/log through the dialer. A pod without a node has no log: 204. */
export function podLogConnector(dial: NodeDialer): Connector {
  return async (request) => {
    const { info } = request;
    const pod = await podOf(request);
    const query = agentQuery(info.query, info.name);
    const container = containerOf(pod, info.query.get("container") ?? "");
    if (!pod.spec.nodeName) return { status: 204, headers: {}, body: "" };
    const address = await nodeAddressOf(request, pod);
    const parts = [info.namespace, info.name, container].map(encodeURIComponent).join("/");
    try {
      return await dial(address, `/containerLogs/${parts}?${query}`, request.request.signal);
    } catch (error) {
      // The agent's own answer; only what is no answer is wrapped.
      if (error instanceof StatusError) throw error;
      const url = `https://${address.host}:${address.port}/containerLogs/${parts}`;
      throw newInternalError(`Get "${url}": ${(error as Error).message}`);
    }
  };
}
