/** The table in AWS, or on an endpoint that speaks DynamoDB's protocol. */
import {
  type AttributeValue,
  BatchGetItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  conditionText,
  Expression,
  itemOf,
  keyAttributes,
  keyConditionText,
  putInput,
  removeInput,
  transactItem,
  updateInput,
} from "./expression.ts";
import { classify } from "./sdk-errors.ts";
import {
  type Clause,
  type Item,
  type ItemKey,
  type Query,
  type QueryPage,
  type ReadOptions,
  type Table,
  TableBusy,
  type Write,
} from "./table.ts";

/** BatchGetItem takes so many. */
const maxBatch = 100;

/** Sockets that answer late are not waited for; the outcome is then unknown. */
const requestHandler = { connectionTimeout: 2_000, requestTimeout: 4_000, throwOnRequestTimeout: true };

/** How a table is reached. */
export interface SdkTableOptions {
  readonly name: string;
  /** Region, endpoint, credentials; the SDK's own defaults where nothing is said. */
  readonly client?: DynamoDBClientConfig;
}

/** A table through the AWS SDK. */
export class SdkTable implements Table {
  private readonly name: string;
  private readonly client: DynamoDBClient;

  constructor({ name, client = {} }: SdkTableOptions) {
    this.name = name;
    this.client = new DynamoDBClient({ maxAttempts: 2, requestHandler, ...client });
  }

  async get(key: ItemKey): Promise<Item | undefined> {
    const command = new GetItemCommand({ TableName: this.name, Key: keyAttributes(key), ConsistentRead: true });
    const { Item: found } = await this.call(() => this.client.send(command));
    return found === undefined ? undefined : itemOf(found);
  }

  async getMany(keys: readonly ItemKey[], { eventually = false }: ReadOptions = {}): Promise<readonly Item[]> {
    const batches: ItemKey[][] = [];
    for (let from = 0; from < keys.length; from += maxBatch) batches.push(keys.slice(from, from + maxBatch));
    return (await Promise.all(batches.map((batch) => this.batch(batch, !eventually)))).flat();
  }

  async query(query: Query): Promise<QueryPage> {
    const input = this.queryInput(query, new Expression());
    if (input === undefined) return { items: [], more: false };
    const limit = query.limit === undefined ? {} : { Limit: query.limit };
    const { Items = [], LastEvaluatedKey } = await this.call(() =>
      this.client.send(new QueryCommand({ ...input, ...limit })),
    );
    return { items: Items.map(itemOf), more: LastEvaluatedKey !== undefined };
  }

  async count(query: Query, clauses: readonly Clause[]): Promise<number> {
    const expression = new Expression();
    const FilterExpression = conditionText([clauses], expression);
    const input = this.queryInput(query, expression);
    if (input === undefined) return 0;
    let count = 0;
    for (let start: Record<string, AttributeValue> | undefined; ; ) {
      const page = { ...input, FilterExpression, Select: "COUNT" as const };
      const from = start === undefined ? {} : { ExclusiveStartKey: start };
      const { Count = 0, LastEvaluatedKey } = await this.call(() =>
        this.client.send(new QueryCommand({ ...page, ...from })),
      );
      count += Count;
      start = LastEvaluatedKey;
      if (start === undefined) return count;
    }
  }

  async write(write: Write): Promise<Item | undefined> {
    const TableName = this.name;
    if ("put" in write) await this.call(() => this.client.send(new PutItemCommand({ TableName, ...putInput(write) })));
    else if ("remove" in write)
      await this.call(() => this.client.send(new DeleteItemCommand({ TableName, ...removeInput(write) })));
    else {
      const input = { TableName, ...updateInput(write), ReturnValues: "ALL_NEW" as const };
      const { Attributes = {} } = await this.call(() => this.client.send(new UpdateItemCommand(input)));
      return itemOf(Attributes);
    }
    return undefined;
  }

  async transact(writes: readonly Write[]): Promise<void> {
    // The SDK adds a token, so that a second attempt of its own does not write twice.
    const TransactItems = writes.map((write) => transactItem(this.name, write));
    await this.call(() => this.client.send(new TransactWriteItemsCommand({ TransactItems })));
  }

  close(): void {
    this.client.destroy();
  }

  private async batch(keys: readonly ItemKey[], ConsistentRead: boolean): Promise<Item[]> {
    const items: Item[] = [];
    let Keys: Record<string, AttributeValue>[] = keys.map(keyAttributes);
    while (Keys.length > 0) {
      const command = new BatchGetItemCommand({ RequestItems: { [this.name]: { Keys, ConsistentRead } } });
      const { Responses = {}, UnprocessedKeys = {} } = await this.call(() => this.client.send(command));
      const found = Responses[this.name] ?? [];
      items.push(...found.map(itemOf));
      Keys = UnprocessedKeys[this.name]?.Keys ?? [];
      // Some came: go on. None did: throttled, and the caller decides how long to wait.
      if (Keys.length > 0 && found.length === 0) throw new TableBusy("reads are throttled");
    }
    return items;
  }

  private queryInput(query: Query, expression: Expression) {
    const KeyConditionExpression = keyConditionText(query, expression);
    if (KeyConditionExpression === undefined) return undefined;
    const ConsistentRead = query.eventually !== true;
    return { TableName: this.name, ConsistentRead, KeyConditionExpression, ...expression.attributes() };
  }

  private async call<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw classify(error as Error);
    }
  }
}
