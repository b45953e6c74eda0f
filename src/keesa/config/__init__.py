"""The configuration: one frozen object, from options, the environment, a file and the defaults, in this order."""

from keesa.config.addresses import is_path
from keesa.config.given import Misconfigured
from keesa.config.loading import Loaded, load, load_config
from keesa.config.settings import DEFAULT_ZONE, Config, Network, TrustedProxy

__all__ = [
    "DEFAULT_ZONE",
    "Config",
    "Loaded",
    "Misconfigured",
    "Network",
    "TrustedProxy",
    "is_path",
    "load",
    "load_config",
]
