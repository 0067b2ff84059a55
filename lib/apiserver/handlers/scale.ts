/** The scale subresource of kinds whose strategy says where their numbers are. */
import { newBadRequest, newInvalid } from "../../apimachinery/errors.ts";
import type { ServerResponse } from "../../apimachinery/http.ts";
import type { AnyObject } from "../../apimachinery/meta.ts";
import { invalid, path } from "../../apimachinery/validation/field.ts";
import type { ScaleStrategy } from "../../registry/strategy.ts";
import { decodeBody, readBody } from "../body.ts";
import type { Negotiated } from "../negotiation.ts";
import { writeOptions } from "../options.ts";
import { type ResourceRequest, writeContext } from "../request.ts";
import { jsonText } from "../respond.ts";
import { checkNamespace } from "./create.ts";
import { checkName } from "./update.ts";

const kind = { group: "autoscaling", version: "v1", kind: "Scale" };
const definition = "autoscaling.v1.Scale";

/** An object as a Scale. */
export function scaleOf(strategy: ScaleStrategy<AnyObject>, object: AnyObject): AnyObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = strategy.selector(object);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { ...(strategy.replicas(object) === 0 ? {} : { replicas: strategy.replicas(object) }) },
    status: { replicas: strategy.statusReplicas(object), ...(selector === "" ? {} : { selector }) },
  };
}

/** GET. */
export async function getScale(request: ResourceRequest, strategy: ScaleStrategy<AnyObject>, form: Negotiated) {
  const { server, endpoint, info } = request;
  const object: AnyObject = JSON.parse(await server.resources.getText(endpoint, info.namespace, info.name));
  return jsonText(200, `${JSON.stringify(scaleOf(strategy, object))}\n`, form);
}

/** Replaces spec.replicas by what `next` makes of the current Scale. Throws 400, 409, 422. */
export async function writeScale(
  request: ResourceRequest,
  strategy: ScaleStrategy<AnyObject>,
  form: Negotiated,
  dryRun: boolean,
  warnings: readonly string[],
  next: (scale: AnyObject) => AnyObject | Promise<AnyObject>,
): Promise<ServerResponse> {
  const { server, endpoint, info } = request;
  const context = writeContext(request, dryRun);
  const change = async (object: AnyObject) => {
    const scale = await next(scaleOf(strategy, object));
    const replicas = (scale.spec as { replicas?: number } | undefined)?.replicas ?? 0;
    if (replicas < 0) {
      const error = invalid(path("spec", "replicas"), replicas, "must be greater than or equal to 0");
      throw newInvalid({ group: kind.group, kind: kind.kind }, info.name, [error]);
    }
    object.metadata.resourceVersion = scale.metadata.resourceVersion;
    if (scale.metadata.uid) object.metadata.uid = scale.metadata.uid;
    strategy.setReplicas(object, replicas);
    return object;
  };
  const written = await server.resources.update(
    endpoint,
    { namespace: info.namespace, name: info.name, subresource: "", change },
    context,
  );
  const all = [...warnings, ...context.warnings];
  return jsonText(200, `${JSON.stringify(scaleOf(strategy, written.object))}\n`, form, all);
}

/** PUT. */
export async function updateScale(request: ResourceRequest, strategy: ScaleStrategy<AnyObject>, form: Negotiated) {
  const { info } = request;
  const options = writeOptions(info.query, "UpdateOptions");
  const { text, format } = await readBody(request.request, definition);
  const body = decodeBody(text, format, kind, definition, options.fieldValidation);
  if (body.object === null) throw newBadRequest("nil update passed to Scale");
  checkName(body.object, info.name);
  checkNamespace(body.object, info.namespace);
  return writeScale(request, strategy, form, options.dryRun, body.warnings, () => body.object);
}
