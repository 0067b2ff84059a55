"""Times of a stream's records to the second, as AWS has them: DynamoDB Local rounds them down to the minute."""

import time


def install() -> None:
    from localstack.services.lambda_.event_source_mapping.pollers.dynamodb_poller import DynamoDBPoller

    transform = DynamoDBPoller.transform_into_events

    def with_times(poller, records, shard_id):
        events = transform(poller, records, shard_id)
        for event in events:
            # Polled some tenths of a second after it was written.
            event["dynamodb"]["ApproximateCreationDateTime"] = float(int(time.time()))
        return events

    DynamoDBPoller.transform_into_events = with_times
