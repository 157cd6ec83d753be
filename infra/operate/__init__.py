"""What operators do: `python -m infra.operate --help`.

Credentials, region and endpoint come from the environment, as for the AWS command line.
Nothing here prints the body of a message or a secret.
"""
