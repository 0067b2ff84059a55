"""Starts DynamoDB Local from a folder of jars and with the machine's java: LocalStack would download both."""

import tempfile

from . import settings

MAIN = "software.amazon.dynamodb.services.local.main.ServerRunner"


def install() -> None:
    from localstack.services.dynamodb.server import DynamodbServer
    from localstack.utils.common import TMP_THREADS, ShellCommandThread

    def start(server: DynamodbServer):
        jars = settings.dynamodb_jars()
        command = [
            *("java", "-Xmx512m", f"-Djava.library.path={jars}"),
            # It leaves a library there each time; java itself does not look at TMPDIR.
            f"-Djava.io.tmpdir={tempfile.gettempdir()}",
            *("-cp", f"{jars}/*", MAIN),
            *("-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(server.port)),
        ]
        thread = ShellCommandThread(command, name="dynamodb-local", auto_restart=True)
        TMP_THREADS.append(thread)  # LocalStack ends these when it ends
        thread.start()
        return thread

    DynamodbServer.do_start_thread = start
