"""Names that the stacks give and operators use."""

REGION = "eu-west-1"
DATA_STACK = "CounterfoilData"
APP_STACK = "Counterfoil"
SEALING_SECRET = "counterfoil/sealing"  # noqa: S105 - its name
WEBHOOK_SECRETS = "counterfoil/webhooks/"  # made by operators, one a partner and rotation
OAUTH_SECRETS = "counterfoil/oauth/"  # as a bank's OAuth client, one a bank
SECRETS_KEY_ALIAS = "alias/counterfoil-secrets"
