"""The bot's own parts of the Rasa pipeline.

They share the bot's number reading, which lies one folder up; found here, so that `rasa train`,
`rasa shell nlu` and `rasa test nlu` work from this folder without any setting.
"""

import sys
from pathlib import Path

_ROOT = str(Path(__file__).resolve().parents[2])
if _ROOT not in sys.path:
    sys.path.append(_ROOT)
