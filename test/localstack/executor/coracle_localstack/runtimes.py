"""Node.js 24 as a function's runtime: LocalStack's last release for Python 3.11 does not know it yet."""

NODE_24 = "nodejs24.x"


def install() -> None:
    from localstack.services.lambda_.runtimes import ALL_RUNTIMES

    if NODE_24 not in ALL_RUNTIMES:
        ALL_RUNTIMES.append(NODE_24)
