"""The CDK app: `-c arch=x86_64`, `-c sandbox=true`, `-c banks=<banks.json>`. Synthesises without AWS."""

from aws_cdk import App, Environment, Validations
from cdk_nag import AwsSolutionsChecks

from infra.app_stack import AppStack
from infra.data_stack import DataStack
from infra.names import APP_STACK, DATA_STACK, REGION
from infra.settings import Settings


def build(app: App, settings: Settings) -> tuple[DataStack, AppStack]:
    """Both stacks in `app`, with the AwsSolutions rules to be checked at synthesis."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    place = Environment(region=REGION)
    data = DataStack(app, DATA_STACK, env=place)
    return data, AppStack(app, APP_STACK, settings, data, env=place)


if __name__ == "__main__":
    root = App()
    build(root, Settings.of(root.node))
    root.synth()
