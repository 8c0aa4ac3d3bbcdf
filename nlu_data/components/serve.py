"""`rasa run` as the bot starts it: its token from the environment, and without TensorFlow.

    RASA_SERVER_TOKEN=… python -m components.serve --port 5005 --model models/….tar.gz

A token among the arguments would show in the process list. And Rasa 3.6 imports TensorFlow whatever
the pipeline, which takes two thirds of its start and 350 MB; nothing here uses it unless
`config.yml` names a component that does.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import types
from typing import Any, Dict

_ARGUMENTS = ["rasa", "run", "--enable-api", "--interface", "127.0.0.1", "--quiet"]


def main() -> None:
    token = os.environ.pop("RASA_SERVER_TOKEN", "")
    if not token:
        sys.exit("RASA_SERVER_TOKEN is not set; the server does not run without a token")
    leave_training_out()
    import rasa.__main__

    sys.argv = [*_ARGUMENTS, *sys.argv[1:], "--auth-token", token]
    rasa.__main__.main()


def leave_training_out() -> None:
    """Have what only training needs imported when it is used, not when a server starts.

    Nothing is replaced: a pipeline with DIET, say, imports TensorFlow itself and works as ever.
    """
    # skops, which reads the classifiers, asks every module imported so far for some hundred names:
    # seconds when there are three thousand, and it would execute what is to stay unexecuted.
    importlib.import_module("skops.io")
    _import_when_used("rasa.utils.train_utils")

    from rasa.engine.storage.storage import ModelMetadata

    # A model carries two graphs, one to train it again and one to answer. Reading the first one
    # imports its validator, which knows every component of Rasa; a server asks only the second.
    read = ModelMetadata.from_dict

    def read_without_training(serialized: Dict[str, Any]) -> ModelMetadata:
        return read({**serialized, "train_schema": {"nodes": {}}})

    ModelMetadata.from_dict = read_without_training  # type: ignore[method-assign]


class _Unexecuted(types.ModuleType):
    """A module found and not executed yet; the first name asked of it executes it.

    `importlib.util.LazyLoader` is the same in principle, but before Python 3.12 `import` itself
    asks for a name and so defeats it.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the import system, looking whether this is a package
            raise AttributeError(name)
        self.__class__ = types.ModuleType
        assert self.__spec__ is not None and self.__spec__.loader is not None
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def _import_when_used(name: str) -> None:
    """From now on `import name` gives a module that is executed when it is used."""
    parent, _, child = name.rpartition(".")
    package = importlib.import_module(parent)
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"no module {name}: is this Rasa 3.6?", name=name)
    module = importlib.util.module_from_spec(spec)
    module.__class__ = _Unexecuted
    sys.modules[name] = module
    setattr(package, child, module)  # `import a.b` ends with a's name b


if __name__ == "__main__":
    main()
