"""Function URLs that answer as the function writes (InvokeMode RESPONSE_STREAM). LocalStack itself waits for the end."""

import json
import queue
import threading
from collections.abc import Iterator

# Between the head of a streamed answer (status, headers) and its body.
HEAD_END = b"\0" * 8
_END = None
_streams: dict[str, "queue.SimpleQueue[bytes | None]"] = {}


def on_chunk(request_id: str, chunk: bytes) -> None:
    """A piece of a response; dropped where no function URL waits for it."""
    if stream := _streams.get(request_id):
        stream.put(chunk)


def install() -> None:
    from localstack.services.lambda_.urlrouter import FunctionUrlRouter

    whole = FunctionUrlRouter.handle_lambda_url_invocation

    def handle(router, request, api_id, region, **parameters):
        url = _streaming_url(api_id, region)
        if url is None:
            return whole(router, request, api_id, region, **parameters)
        return _Invocation(router.lambda_service, url, api_id, request).response()

    FunctionUrlRouter.handle_lambda_url_invocation = handle


def _streaming_url(api_id: str, region: str):
    from localstack.services.lambda_.invocation.models import lambda_stores

    for account in list(lambda_stores):
        for function in lambda_stores[account][region].functions.values():
            for url in function.function_url_configs.values():
                if url.url_id.lower() == api_id.lower() and url.invoke_mode == "RESPONSE_STREAM":
                    return url
    return None


class _Invocation:
    def __init__(self, service, url, api_id, request):
        from localstack.aws.protocol.serializer import gen_amzn_requestid
        from localstack.services.lambda_.urlrouter import FULL_FN_ARN_PATTERN, event_for_lambda_url

        self.request_id = gen_amzn_requestid()
        self.result = None
        self._service = service
        self._function = FULL_FN_ARN_PATTERN.search(url.function_arn).groupdict()
        self._event = json.dumps(event_for_lambda_url(api_id, request)).encode()
        self._chunks: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        _streams[self.request_id] = self._chunks
        threading.Thread(target=self._run, daemon=True).start()

    def response(self):
        """Waits for the head alone."""
        from localstack.http import Response
        from localstack.services.lambda_.urlrouter import lambda_result_to_response

        start = b""
        while HEAD_END not in start:
            chunk = self._chunks.get()
            if chunk is _END:
                return self._unstreamed(start, Response, lambda_result_to_response)
            start += chunk
        head, _, rest = start.partition(HEAD_END)
        head = json.loads(head)
        response = Response(self._body(rest), int(head.get("statusCode", 200)))
        response.headers.update({"x-amzn-requestid": self.request_id, **(head.get("headers") or {})})
        for cookie in head.get("cookies") or []:
            response.headers.add("set-cookie", cookie)
        return response

    def _unstreamed(self, body: bytes, new_response, of_result):
        if self.result is None or self.result.is_error:
            return new_response("Internal Server Error", 502)
        return new_response(body, 200, {"content-type": "application/octet-stream"}) if body else of_result(self.result)

    def _body(self, first: bytes) -> Iterator[bytes]:
        if first:
            yield first
        while (chunk := self._chunks.get()) is not _END:
            yield chunk

    def _run(self) -> None:
        from localstack.aws.api.lambda_ import InvocationType

        try:
            self.result = self._service.invoke(
                function_name=self._function["function_name"],
                qualifier=self._function["qualifier"],
                account_id=self._function["account_id"],
                region=self._function["region_name"],
                invocation_type=InvocationType.RequestResponse,
                client_context="{}",
                payload=self._event,
                request_id=self.request_id,
            )
        finally:
            _streams.pop(self.request_id, None)
            self._chunks.put(_END)
