"""The CDK app: `-c arch=x86_64`, `-c sandbox=true`, `-c banks=<banks.json>`. Synthesises without AWS."""

from aws_cdk import App, Environment, Validations
from cdk_nag import AwsSolutionsChecks

from infra.app_stack import AppStack
from infra.data_stack import DataStack
from infra.settings import REGION, Settings


def build(app: App, settings: Settings) -> tuple[DataStack, AppStack]:
    """Both stacks in `app`, with the AwsSolutions rules to be checked at synthesis."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    place = Environment(region=REGION)
    data = DataStack(app, "CounterfoilData", env=place)
    return data, AppStack(app, "Counterfoil", settings, data, env=place)


if __name__ == "__main__":
    root = App()
    build(root, Settings.of(root.node))
    root.synth()
