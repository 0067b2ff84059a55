"""The Lambda Runtime API, as one function process sees it, on a free port of the loopback.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = "/2018-06-01/runtime"
CLOSED = None


@dataclass(frozen=True)
class Event:
    """One invocation on its way to the function."""

    request_id: str
    payload: str
    function_arn: str
    trace_id: str
    deadline_ms: int


@dataclass(frozen=True)
class Answer:
    """What the function said of it."""

    body: bytes
    is_error: bool


def failure(kind: str, message: str) -> bytes:
    """An error's text, in the form that Lambda gives its callers."""
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


class RuntimeApi:
    """`on_chunk(request_id, chunk)` gets each piece of a streamed response as it comes."""

    def __init__(self, on_chunk: Callable[[str, bytes], None]):
        self.on_chunk = on_chunk
        self.init_error: bytes | None = None
        self.initialised = threading.Event()  # also set by an init that failed
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._pending: dict[str, Future[Answer]] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Requests)
        self._server.daemon_threads = True
        self._server.api = self
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def submit(self, event: Event) -> "Future[Answer]":
        """Hands an event to the function; the future is its answer."""
        future: Future[Answer] = Future()
        with self._lock:
            self._pending[event.request_id] = future
        self._events.put(event)
        return future

    def next(self) -> Event | None:
        """Waits for the next event; None once the API is closed. Asking for one says that init has ended."""
        self.initialised.set()
        return self._events.get()

    def answer(self, request_id: str, answer: Answer) -> None:
        """Resolves an invocation; what comes late or twice is dropped."""
        with self._lock:
            future = self._pending.pop(request_id, None)
        if future is not None and not future.cancelled():
            future.set_result(answer)

    def fail_init(self, body: bytes) -> None:
        self.init_error = body
        self.initialised.set()

    def process_ended(self, status: int) -> None:
        """Nobody will answer any more: what waits gets the error that Lambda reports then."""
        text = f"Runtime exited with error: exit status {status}"
        if not self.initialised.is_set():
            self.fail_init(failure("Runtime.ExitError", text))
        with self._lock:
            waiting = list(self._pending)
        for request_id in waiting:
            body = failure("Runtime.ExitError", f"RequestId: {request_id} Error: {text}")
            self.answer(request_id, Answer(body, is_error=True))

    def close(self) -> None:
        self._events.put(CLOSED)
        threading.Thread(target=self._shut_down, daemon=True).start()

    def _shut_down(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def do_GET(self):
        if self.path != f"{VERSION}/invocation/next":
            return self._reply(404)
        event = self.server.api.next()
        if event is CLOSED:
            self.close_connection = True
            return self._reply(410)
        headers = {
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Invoked-Function-Arn": event.function_arn,
            "Lambda-Runtime-Trace-Id": event.trace_id,
            "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
        }
        self._reply(200, event.payload.encode(), headers)

    def do_POST(self):
        api: RuntimeApi = self.server.api
        match self.path.partition("?")[0].removeprefix(VERSION).split("/"):
            case ["", "init", "error"]:
                api.fail_init(self._body())
            case ["", "invocation", request_id, "response"]:
                streamed = self.headers.get("Lambda-Runtime-Function-Response-Mode") == "streaming"
                body = self._body((lambda chunk: api.on_chunk(request_id, chunk)) if streamed else None)
                api.answer(request_id, Answer(body, is_error=self._has_error_trailer))
            case ["", "invocation", request_id, "error"]:
                api.answer(request_id, Answer(self._body(), is_error=True))
            case _:
                self._body()
                return self._reply(404)
        self._reply(202, b'{"status":"OK"}')

    def _body(self, on_chunk: Callable[[bytes], None] | None = None) -> bytes:
        self._has_error_trailer = False
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        whole = bytearray()
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunk = self.rfile.read(size)
            self.rfile.readline()
            whole += chunk
            if on_chunk is not None:
                on_chunk(chunk)
        while trailer := self.rfile.readline().strip():
            # A stream that broke off says so after its last chunk.
            self._has_error_trailer |= trailer.lower().startswith(b"lambda-runtime-function-error-type:")
        return bytes(whole)

    def _reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
