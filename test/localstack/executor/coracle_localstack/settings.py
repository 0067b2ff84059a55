"""Environment variables of the LocalStack process that this package reads, all set by ../localstack.ts."""

import os


def runtime_client() -> str:
    """The file index.mjs of AWS' Node.js runtime client (npm aws-lambda-ric)."""
    return os.environ["CORACLE_RUNTIME_CLIENT"]


def node() -> str:
    """The node that runs functions."""
    return os.environ["CORACLE_NODE"]


def dynamodb_jars() -> str:
    """The folder that holds DynamoDB Local and all it needs."""
    return os.environ["CORACLE_DYNAMODB_JARS"]


def logs() -> str:
    """The folder of the functions' logs, and of `invocations.jsonl`."""
    return os.environ["CORACLE_FUNCTION_LOGS"]
