/** Items, conditions and writes in the words of DynamoDB's API. */
import type {
  AttributeValue,
  DeleteItemCommandInput,
  PutItemCommandInput,
  TransactWriteItem,
  UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { compareKeys, prefixEnd } from "../../storage/keys.ts";
import type { Attribute, Clause, Condition, Item, ItemKey, Put, Query, Remove, Update, Write } from "./table.ts";

/** Collects the placeholders of one request. */
export class Expression {
  private readonly names = new Map<string, string>();
  private readonly values: Record<string, AttributeValue> = {};

  name(attribute: string): string {
    const placeholder = this.names.get(attribute) ?? `#${this.names.size}`;
    this.names.set(attribute, placeholder);
    return placeholder;
  }

  value(value: Attribute): string {
    const placeholder = `:${Object.keys(this.values).length}`;
    this.values[placeholder] = attributeValue(value);
    return placeholder;
  }

  /** The request's members; nothing where there are no placeholders, since DynamoDB refuses empty ones. */
  attributes(): {
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: Record<string, AttributeValue>;
  } {
    const names = Object.fromEntries([...this.names].map(([name, placeholder]) => [placeholder, name]));
    return {
      ...(this.names.size === 0 ? {} : { ExpressionAttributeNames: names }),
      ...(Object.keys(this.values).length === 0 ? {} : { ExpressionAttributeValues: this.values }),
    };
  }
}

function attributeValue(value: Attribute): AttributeValue {
  if (typeof value === "string") return { S: value };
  return typeof value === "number" ? { N: String(value) } : { B: value };
}

/** A key as DynamoDB takes it. */
export function keyAttributes({ pk, sk }: ItemKey): Record<string, AttributeValue> {
  return { pk: { S: pk }, sk: { S: sk } };
}

/** An item as DynamoDB gives it. */
export function itemOf(attributes: Record<string, AttributeValue>): Item {
  const item: Record<string, Attribute> = {};
  for (const name in attributes) {
    const value = attributes[name];
    const parsed = value?.S ?? value?.B ?? (value?.N === undefined ? undefined : Number(value.N));
    if (parsed !== undefined) item[name] = parsed;
  }
  return item as Item;
}

/** An item as DynamoDB takes it. */
export function itemAttributes(item: Item): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, attributeValue(value)]));
}

/** A condition's expression. */
export function conditionText(condition: Condition, expression: Expression): string {
  const alternatives = condition.map((clauses) =>
    clauses.map((clause) => clauseText(clause, expression)).join(" AND "),
  );
  return alternatives.length === 1 ? (alternatives[0] ?? "") : alternatives.map((text) => `(${text})`).join(" OR ");
}

function clauseText(clause: Clause, expression: Expression): string {
  if ("absent" in clause) return `attribute_not_exists(${expression.name(clause.absent)})`;
  if ("exists" in clause) return `attribute_exists(${expression.name(clause.exists)})`;
  return `${expression.name(clause.attribute)} ${clause.is} ${expression.value(clause.than)}`;
}

function conditioned(when: Condition | undefined, expression = new Expression()) {
  const text = when === undefined ? {} : { ConditionExpression: conditionText(when, expression) };
  return { ...text, ...expression.attributes() };
}

/** The key condition of a query; undefined where nothing can satisfy it. */
export function keyConditionText({ pk, after, prefix = "", to }: Query, expression: Expression): string | undefined {
  const partition = `${expression.name("pk")} = ${expression.value(pk)}`;
  // The next possible key after K is K with a zero byte.
  const next = after === undefined || after === "" ? "" : `${after}\0`;
  const from = compareKeys(next, prefix) > 0 ? next : prefix;
  const end = to ?? (prefix === "" ? undefined : prefixEnd(prefix));
  if (end === undefined)
    return from === "" ? partition : `${partition} AND ${sk(expression)} >= ${expression.value(from)}`;
  if (from === "") return `${partition} AND ${sk(expression)} <= ${expression.value(end)}`;
  if (compareKeys(from, end) > 0) return undefined;
  return `${partition} AND ${sk(expression)} BETWEEN ${expression.value(from)} AND ${expression.value(end)}`;
}

function sk(expression: Expression): string {
  return expression.name("sk");
}

/** PutItem, without the table's name. */
export function putInput({
  put,
  when,
}: Put): Omit<PutItemCommandInput, "TableName"> & { Item: Record<string, AttributeValue> } {
  return { Item: itemAttributes(put), ...conditioned(when) };
}

/** DeleteItem, without the table's name. */
export function removeInput({ remove, when }: Remove): Omit<DeleteItemCommandInput, "TableName"> {
  return { Key: keyAttributes(remove), ...conditioned(when) };
}

/** UpdateItem, without the table's name. */
export function updateInput({ update, set = {}, setOnce = {}, add = {}, when }: Update) {
  const expression = new Expression();
  const sets = [
    ...Object.entries(set).map(([name, value]) => `${expression.name(name)} = ${expression.value(value)}`),
    ...Object.entries(setOnce).map(([name, value]) => {
      const placeholder = expression.name(name);
      return `${placeholder} = if_not_exists(${placeholder}, ${expression.value(value)})`;
    }),
  ];
  const adds = Object.entries(add).map(([name, value]) => `${expression.name(name)} ${expression.value(value)}`);
  const parts = [
    ...(sets.length === 0 ? [] : [`SET ${sets.join(", ")}`]),
    ...(adds.length === 0 ? [] : [`ADD ${adds.join(", ")}`]),
  ];
  const input = { Key: keyAttributes(update), UpdateExpression: parts.join(" "), ...conditioned(when, expression) };
  return input satisfies Omit<UpdateItemCommandInput, "TableName">;
}

/** One item of TransactWriteItems. */
export function transactItem(TableName: string, write: Write): TransactWriteItem {
  if ("put" in write) return { Put: { TableName, ...putInput(write) } };
  if ("remove" in write) return { Delete: { TableName, ...removeInput(write) } } as TransactWriteItem;
  return { Update: { TableName, ...updateInput(write) } };
}
