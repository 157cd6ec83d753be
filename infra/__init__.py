"""Infrastructure: the stacks, operators' commands, the sandbox."""

import os
import sys
from pathlib import Path

# The CDK runs on Node: on the one that came with this Python environment, before any other.
_node = Path(sys.executable).with_name("node")
if _node.exists():
    os.environ.setdefault("JSII_NODE", str(_node))

# What infrastructure reads of the application (the data map, the adapters) is in the layer that it deploys.
_core = str(Path(__file__).parents[1] / "layers" / "core" / "python")
if _core not in sys.path:
    sys.path.append(_core)
