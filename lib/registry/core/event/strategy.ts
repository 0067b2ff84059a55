/** Events of both groups: stored once, as the core group's (upstream: pkg/registry/core/event). */
import type { Event } from "../../../openapi/types/core-v1.ts";
import type { Strategy } from "../../strategy.ts";
import { eventCells } from "./cells.ts";
import { validateEventCreate, validateEventUpdate } from "./validation.ts";

const fieldsOfObject = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"] as const;

/** events and events.events.k8s.io */
export const eventStrategy: Strategy<Event> = {
  allowCreateOnUpdate: true,
  validate: (event, { version }) => validateEventCreate(event, version),
  validateUpdate: (event, old, { version }) => validateEventUpdate(event, old, version),
  selectableFields(event) {
    const { involvedObject = {}, reason = "", type = "", reportingComponent = "", source } = event;
    const fields: Record<string, string> = {
      reason,
      type,
      reportingComponent,
      // What the other group calls it.
      reportingController: reportingComponent,
      source: source?.component || reportingComponent,
    };
    for (const name of fieldsOfObject) {
      const value = involvedObject[name] ?? "";
      fields[`involvedObject.${name}`] = value;
      fields[`regarding.${name}`] = value;
    }
    return fields;
  },
  cells: eventCells,
};
