"""What LocalStack finds by this package's entry points. Imports are late: it loads plugins before it is set up."""

from localstack import config
from localstack.runtime import hooks
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin

NAME = "coracle"


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Chosen by LAMBDA_RUNTIME_EXECUTOR=coracle."""

    name = NAME

    def load(self, *args, **kwargs):
        from .executor import ProcessExecutor

        return ProcessExecutor


@hooks.on_infra_start(should_load=config.LAMBDA_RUNTIME_EXECUTOR == NAME)
def prepare():
    """Before the providers register their routes and start their servers."""
    from . import dynamodb_local, function_url, record_times, runtimes

    dynamodb_local.install()
    function_url.install()
    record_times.install()
    runtimes.install()
