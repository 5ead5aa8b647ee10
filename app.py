"""The CDK app: `npx cdk synth --context stage=prod --context settings=sapmatch.toml`."""

import sys

from aws_cdk import App

from infra.config import StageConfig
from infra.stage import add_stage
from sapmatch.model.errors import InputRejected


def main() -> None:
    """Write the templates of one stage; wrong settings end it before anything is written."""
    app = App()
    try:
        config = StageConfig.from_context(app.node)
    except InputRejected as exc:
        sys.exit(str(exc))
    add_stage(app, config)
    app.synth()


if __name__ == "__main__":
    main()
