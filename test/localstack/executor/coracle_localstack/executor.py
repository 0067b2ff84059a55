"""An execution environment of Lambda as a child process: node under AWS' own runtime client. No isolation at all."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as Late
from datetime import UTC, datetime
from pathlib import Path

from localstack import config
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException, RuntimeExecutor

from . import function_url, settings
from .runtime_api import Answer, Event, RuntimeApi

RAPID_CLIENT = Path(__file__).with_name("rapid-client.cjs")
# Lambda leaves a tenth of the memory to what is not V8's heap.
HEAP_SHARE = 0.9
SMALLEST_HEAP_MB = 64


class FunctionProcess:
    """One process, from its start to its end."""

    def __init__(self, version: FunctionVersion, environment: dict[str, str]):
        started = time.monotonic()
        self.api = RuntimeApi(function_url.on_chunk)
        self.folder = tempfile.mkdtemp(prefix="function-")
        self._log_file = Path(settings.logs(), f"{version.id.function_name}.log").open("ab", buffering=0)
        self._lines: list[str] = []
        self._child = subprocess.Popen(
            self._command(version, environment),
            cwd=version.config.code.get_unzipped_code_location(),
            env=self._environment(version, environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        threading.Thread(target=self._follow, daemon=True).start()
        limit = config.LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT
        if not self.api.initialised.wait(limit):
            self.kill()
            raise LambdaRuntimeException(f"the function did not start within {limit} s")
        self.init_ms = (time.monotonic() - started) * 1000
        if self.api.init_error is not None:
            self.kill()
            raise StatusErrorException("the function failed to start", payload=self.api.init_error)

    @property
    def is_alive(self) -> bool:
        return self._child.poll() is None

    def take_lines(self) -> list[str]:
        """What it printed since the last call."""
        lines, self._lines = self._lines, []
        return lines

    def kill(self) -> None:
        try:
            os.killpg(self._child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.api.close()

    @staticmethod
    def _command(version: FunctionVersion, environment: dict[str, str]) -> list[str]:
        heap_mb = max(SMALLEST_HEAP_MB, int(version.config.memory_size * HEAP_SHARE))
        options = [f"--max-old-space-size={heap_mb}", "--require", str(RAPID_CLIENT)]
        return [settings.node(), *options, settings.runtime_client(), environment.get("_HANDLER", "")]

    def _environment(self, version: FunctionVersion, given: dict[str, str]) -> dict[str, str]:
        client = Path(settings.runtime_client()).parent
        return {
            "PATH": os.environ["PATH"],
            "LANG": "en_US.UTF-8",
            "NODE_PATH": str(client.parent),
            **given,
            "TZ": "UTC",
            "HOME": self.folder,
            "TMPDIR": self.folder,
            "LAMBDA_TASK_ROOT": str(version.config.code.get_unzipped_code_location()),
            "LAMBDA_RUNTIME_DIR": str(client),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{version.config.runtime}",
            "AWS_LAMBDA_RUNTIME_API": self.api.address,
            # The client's way over node:http; the other one is compiled code that is not built here.
            "AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1": "true",
        }

    def _follow(self) -> None:
        with self._log_file as log:
            for line in self._child.stdout:
                log.write(line)
                self._lines.append(line.decode("utf-8", "replace").rstrip("\n"))
        self.api.process_ended(self._child.wait())
        shutil.rmtree(self.folder, ignore_errors=True)


class ProcessExecutor(RuntimeExecutor):
    """LocalStack keeps one of these for each environment, and gives it one invocation at a time."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id=id, function_version=function_version)
        self._environment: dict[str, str] = {}
        self._process: FunctionProcess | None = None
        self._stopped = False

    def start(self, env_vars: dict[str, str]) -> None:
        runtime = self.function_version.config.runtime or ""
        if not runtime.startswith("nodejs"):
            raise LambdaRuntimeException(f"only Node.js functions run here, and this one wants {runtime or 'an image'}")
        self._environment = {name: str(value) for name, value in env_vars.items() if value is not None}
        self._process = FunctionProcess(self.function_version, self._environment)

    def stop(self) -> None:
        self._stopped = True
        if self._process is not None:
            self._process.kill()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        init_ms = self._revive()
        process = self._process
        timeout_s = int(self.function_version.config.timeout)
        event = Event(
            request_id=payload["invoke-id"],
            payload=payload["payload"],
            function_arn=payload["invoked-function-arn"],
            trace_id=payload["trace-id"],
            deadline_ms=int((time.time() + timeout_s) * 1000),
        )
        started_at, started = time.time(), time.monotonic()
        lines: list[str] = []
        try:
            answer = process.api.submit(event).result(timeout_s)
        except (Late, CancelledError):
            process.kill()
            text = f"{datetime.now(UTC).isoformat()} {event.request_id} Task timed out after {timeout_s}.00 seconds"
            lines.append(text)
            answer = Answer(json.dumps({"errorMessage": text}).encode(), is_error=True)
        duration_ms = (time.monotonic() - started) * 1000
        self._count(event, answer, started_at, duration_ms, init_ms)
        lines = [*process.take_lines(), *lines]
        return InvocationResult(
            event.request_id, answer.body, is_error=answer.is_error, logs=self._logs(event, lines, duration_ms)
        )

    def _revive(self) -> float:
        """A process that died is replaced at the next call, as Lambda does. Returns what a first call waited for init."""
        if self._process is not None and self._process.is_alive:
            init_ms, self._process.init_ms = self._process.init_ms, 0
            return init_ms
        if self._stopped:
            raise LambdaRuntimeException("the environment has been stopped")
        if self._process is not None:
            self._process.kill()
        self._process = FunctionProcess(self.function_version, self._environment)
        init_ms, self._process.init_ms = self._process.init_ms, 0
        return init_ms

    def _count(self, event: Event, answer: Answer, at_s: float, duration_ms: float, init_ms: float) -> None:
        """One line an invocation: tests and benchmarks count them."""
        entry = {
            "function": self.function_version.id.function_name,
            "requestId": event.request_id,
            "at": int(at_s * 1000),
            "ms": round(duration_ms, 2),
            "initMs": round(init_ms, 2),
            "error": answer.is_error,
        }
        with Path(settings.logs(), "invocations.jsonl").open("ab", buffering=0) as file:
            file.write(json.dumps(entry).encode() + b"\n")

    def _logs(self, event: Event, lines: list[str], duration_ms: float) -> str:
        memory = self.function_version.config.memory_size
        return "\n".join(
            [
                f"START RequestId: {event.request_id} Version: {self.function_version.id.qualifier}",
                *lines,
                f"END RequestId: {event.request_id}",
                f"REPORT RequestId: {event.request_id}\tDuration: {duration_ms:.2f} ms\t"
                f"Billed Duration: {int(duration_ms) + 1} ms\tMemory Size: {memory} MB\tMax Memory Used: {memory} MB\t",
            ]
        )

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}/_localstack_lambda/{self.id}"

    def get_logs(self) -> str:
        return "" if self._process is None else "\n".join(self._process.take_lines())

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        pass
